"""How do documents come in through the API? A thousand as JSON, or a stream of lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.actions import importing
from labeling.api.endpoints import Endpoint
from labeling.api.fields import Input, Text
from labeling.api.parsers import JsonLinesParser, NdjsonParser, StrictJsonParser
from labeling.api.permissions import MANAGE_HEAVY
from labeling.api.schema import JSON_LINES, operation
from labeling.formats.jsonl import read_jsonl, record_from
from labeling.formats.records import (
    MAX_ID_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    BadRow,
    Record,
    RowProblem,
    bad_row,
)
from labeling.models import Document, ImportJob

MOST_DOCUMENTS = 1_000  # in a JSON body; a stream of lines may hold more


class DocumentIn(Input):
    """A document, with its answer where that is known already."""

    text = Text(max_length=MAX_TEXT_CHARACTERS, trim_whitespace=False)
    id = Text(
        required=False,
        allow_null=True,
        max_length=MAX_ID_CHARACTERS,
        help_text="Yours; a known id (or without one, a known text) is not stored again.",
    )
    label = Text(  # type: ignore[assignment]
        required=False, max_length=MAX_NAME_CHARACTERS, help_text="The name of its class."
    )
    labels = serializers.ListField(
        child=Text(max_length=MAX_NAME_CHARACTERS), required=False, help_text="The names of its classes."
    )
    spans = serializers.ListField(
        child=serializers.ListField(child=serializers.JSONField(), min_length=3, max_length=3),
        required=False,
        help_text="Lists of start, end (exclusive, in code points) and the name of a class.",
    )
    split = serializers.ChoiceField(
        Document.Split.choices,
        required=False,
        help_text="Absent: drawn at random, by the project's test share.",
    )
    metadata = serializers.DictField(required=False, help_text="Shown beside the text; any keys.")


class DocumentsIn(Input):
    documents = serializers.ListField(child=DocumentIn(), min_length=1, max_length=MOST_DOCUMENTS)


class BadRowOut(serializers.Serializer[Any]):
    """A document that was left out, or stored without a part of it, and why."""

    line = serializers.IntegerField(help_text="Its place in the body, 1 for the first.")
    reason = serializers.SerializerMethodField()
    excerpt = serializers.CharField()

    def get_reason(self, row: BadRow) -> str:
        return _(row.message) % row.values if row.values else _(row.message)


class ImportOut(serializers.Serializer[Any]):
    """What became of the documents. Sending the same ones again is safe: they are known then."""

    read = serializers.IntegerField()
    added = serializers.IntegerField()
    known = serializers.IntegerField(help_text="Were here already.")
    labelled = serializers.IntegerField(help_text="Settled by the answer they came with.")
    bad = serializers.IntegerField(help_text="Of which nothing is stored.")
    bad_rows = BadRowOut(many=True, help_text="The first thousand of them.")
    warned = serializers.IntegerField(help_text="Stored, but not with all that they say.")
    warnings = BadRowOut(many=True, help_text="The first thousand of them.")


class ImportDocuments(Endpoint):
    needs = {"POST": MANAGE_HEAVY}
    parser_classes = [StrictJsonParser, JsonLinesParser, NdjsonParser]

    @operation(
        "documents_import",
        request={"application/json": DocumentsIn, **JSON_LINES},
        answers={200: ImportOut},
        examples={
            "Two tickets": {
                "documents": [
                    {"id": "t-1", "text": "I was charged twice.", "metadata": {"channel": "mail"}},
                    {"id": "t-2", "text": "Where is my parcel?", "label": "Delivery"},
                ]
            }
        },
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Add documents: up to 1,000 as JSON, or up to 64 MB as JSON lines.

        A JSON body with a mistake is refused as a whole. Of a stream, good lines are stored and bad ones
        reported; there, keys that are not known become metadata.
        """
        body: Any = request.data
        rows = read_jsonl(body) if isinstance(body, Iterator) else _records(body)
        origin = ImportJob.Origin.API
        report = importing.import_documents(project_id, rows, source="API", origin=origin, person=self.caller)
        return Response(ImportOut(report).data)


def _records(body: Any) -> Iterator[Record | BadRow]:
    """The valid documents of a JSON body, one by one."""
    return map(_record, enumerate(DocumentsIn.checked(body)["documents"], start=1))


def _record(numbered: tuple[int, dict[str, Any]]) -> Record | BadRow:
    line, document = numbered
    try:
        return record_from(document, line)
    except RowProblem as problem:
        return bad_row(line, problem, document["text"])
