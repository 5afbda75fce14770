"""Imports through the API: a thousand documents as JSON, or a stream of lines; and what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.actions import uploads
from labeling.actions.importing import ImportReport
from labeling.api.endpoints import Endpoint
from labeling.api.fields import Input, Text
from labeling.api.parsers import JsonLinesParser, NdjsonParser, StrictJsonParser
from labeling.api.permissions import MANAGE_HEAVY, MANAGERS_READ
from labeling.api.schema import JSON_LINES, operation
from labeling.formats.records import MAX_ID_CHARACTERS, MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS, BadRow
from labeling.models import Document, ImportJob

MOST_DOCUMENTS = 1_000  # in a JSON body; a stream of lines may hold more
MOST_LISTED = 50


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
    """What became of the documents so far. Sending the same ones again is safe: they are known then."""

    id = serializers.UUIDField(source="pk")
    state = serializers.ChoiceField(ImportJob.State.choices)
    origin = serializers.ChoiceField(ImportJob.Origin.choices)
    file_name = serializers.CharField()
    failure = serializers.CharField(help_text="Why it stopped or failed.")
    created_at = serializers.DateTimeField()
    read = serializers.IntegerField(source="rows_read", help_text="Rows, good and bad.")
    added = serializers.IntegerField(source="imported")
    known = serializers.IntegerField(source="already_there", help_text="Were here already.")
    labelled = serializers.IntegerField(help_text="Settled by the answer they came with.")
    bad = serializers.IntegerField(source="bad_row_count", help_text="Of which nothing is stored.")
    bad_rows = serializers.SerializerMethodField()
    warned = serializers.IntegerField(
        source="warning_count", help_text="Stored, but not with all that they say."
    )
    warnings = serializers.SerializerMethodField()

    @extend_schema_field(BadRowOut(many=True))
    def get_bad_rows(self, job: ImportJob) -> Any:
        """The first thousand of them."""
        return BadRowOut(ImportReport.of_job(job).bad_rows, many=True).data

    @extend_schema_field(BadRowOut(many=True))
    def get_warnings(self, job: ImportJob) -> Any:
        """The first thousand of them."""
        return BadRowOut(ImportReport.of_job(job).warnings, many=True).data


class ImportDocuments(Endpoint):
    needs = {"POST": MANAGE_HEAVY}
    parser_classes = [StrictJsonParser, JsonLinesParser, NdjsonParser]

    @operation(
        "documents_import",
        request={"application/json": DocumentsIn, **JSON_LINES},
        answers={200: ImportOut, 202: ImportOut},
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
        reported; there, keys that are not known become metadata. The answer is 200 where all is stored. It
        is 202 where a worker stores them: more than 1,000 lines or 4 MB, or while another import is being
        stored; ask `imports/{id}/` how far it is.
        """
        body: Any = request.data
        lines = body if isinstance(body, Iterator) else _lines(DocumentsIn.checked(body)["documents"])
        job = uploads.take_lines(project_id, self.caller, lines)
        return Response(ImportOut(job).data, status=200 if job.is_over else 202)


class ImportsOut(serializers.Serializer[Any]):
    results = ImportOut(many=True)


class Imports(Endpoint):
    needs = {"GET": MANAGERS_READ}

    @operation("imports_list", answers={200: ImportsOut})
    def get(self, request: Request, project_id: int) -> Response:
        """List the fifty newest imports, whether they came by page, API or command."""
        jobs = ImportJob.objects.filter(project=project_id)[:MOST_LISTED]
        return Response({"results": ImportOut(jobs, many=True).data})


class OneImport(Endpoint):
    needs = {"GET": MANAGERS_READ}

    @operation("imports_read", answers={200: ImportOut})
    def get(self, request: Request, project_id: int, import_id: UUID) -> Response:
        """Tell how far an import is, and what became of its rows."""
        return Response(ImportOut(uploads.job_of(project_id, self.caller, import_id)).data)


def _lines(documents: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """The valid documents of a JSON body, one a line."""
    return (json.dumps(document, ensure_ascii=False).encode() + b"\n" for document in documents)
