"""Imports API: a thousand documents as JSON, or a stream of lines; and what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.endpoints import Endpoint
from labeling.api.fields import Filters, Input, Text
from labeling.api.parsers import JsonLinesParser, NdjsonParser, StrictJsonParser
from labeling.api.permissions import MANAGE_HEAVY, MANAGERS_READ
from labeling.api.schema import JSON_LINES, operation
from labeling.documents.imports import ImportJob
from labeling.documents.models import Document
from labeling.exchange import import_jobs, undo, uploads
from labeling.exchange.import_summaries import ImportSummary
from labeling.exchange.importing import ImportReport
from labeling.formats import USUAL_KEYS, ColumnChoice
from labeling.formats.csv_columns import ROLES
from labeling.formats.fields import SEPARATORS
from labeling.formats.records import MAX_ID_CHARACTERS, MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS, BadRow
from labeling.learning.text.limits import READ_CHARACTERS

MAX_DOCUMENTS = 1_000  # in a JSON body; a stream of lines may hold more
MAX_LISTED = 50
MAX_MISSING = 100
EXAMPLES = {
    "Two tickets": {
        "documents": [
            {"id": "t-1", "text": "I was charged twice.", "metadata": {"channel": "mail"}},
            {"id": "t-2", "text": "Where is my parcel?", "label": "Delivery"},
        ]
    }
}
LONG = f"Longer than the {READ_CHARACTERS:,} characters of a text that models learn from."


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
    documents = serializers.ListField(child=DocumentIn(), min_length=1, max_length=MAX_DOCUMENTS)


def _field(usual: str) -> serializers.CharField:
    return serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_NAME_CHARACTERS,
        help_text=f"The key that holds it, `metadata.…` inside of metadata; absent: `{usual}`, empty: none.",
    )


class FieldNames(serializers.CharField):
    """Names of fields with commas between."""

    def to_internal_value(self, data: Any) -> Any:
        return tuple(name for part in super().to_internal_value(data).split(",") if (name := part.strip()))


class FieldFilters(Filters):
    """Which keys hold what, and what becomes of all others."""

    text_field = serializers.CharField(
        required=False, max_length=MAX_NAME_CHARACTERS, help_text="The key that holds it; absent: `text`."
    )
    id_field = _field("id")
    label_field = _field("label")
    labels_field = _field("labels")
    spans_field = _field("spans")
    split_field = _field("split")
    separator = serializers.ChoiceField(
        SEPARATORS,
        required=False,
        help_text="Between several classes where `labels` is one text; absent: `|`.",
    )
    hidden_fields = FieldNames(
        source="hide",
        required=False,
        max_length=10_000,
        help_text="Fields of metadata that annotators do not see, with commas between; absent: those that "
        "would tell the answer.",
    )
    shown_fields = FieldNames(
        source="show",
        required=False,
        max_length=10_000,
        help_text="Fields that they see though they would tell the answer.",
    )
    excluded_fields = FieldNames(
        source="leave_out", required=False, max_length=10_000, help_text="Fields that are not stored."
    )


class ImportOptions(FieldFilters):
    """How documents are taken."""

    takes_labels = serializers.BooleanField(
        default=True,
        help_text="true: a label that a document carries settles it, it counts as labeled. false: labels are "
        "left out, and all documents wait for annotators.",
    )
    add_classes = serializers.BooleanField(
        default=False,
        help_text="Whether names of labels that are no classes of the project become classes; else documents "
        "with such a label are stored without it, and a warning says so.",
    )


def _choice(requested: dict[str, Any]) -> ColumnChoice | None:
    """The usual keys but for those that were asked for; None where nothing was asked."""
    roles: dict[str, Any] = {
        role: requested[f"{role}_field"] or None for role in ROLES if f"{role}_field" in requested
    }
    keeps = {"hide": "hidden", "show": "shown", "leave_out": "left_out", "separator": "separator"}
    others = {field: requested[name] for name, field in keeps.items() if name in requested}
    return replace(USUAL_KEYS, **roles, **others) if roles or others else None


class MissingClassOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    rows = serializers.IntegerField(help_text="How many rows name it.")


class ImportSummaryOut(serializers.Serializer[Any]):
    """What an import would settle, if it took the labels and added no classes. Nothing is stored."""

    rows_read = serializers.IntegerField(source="rows", help_text="Rows that were looked at, good and bad.")
    is_complete = serializers.BooleanField(source="is_whole", help_text="Whether these are all rows.")
    bad_row_count = serializers.IntegerField(source="bad", help_text="Of which nothing would be stored.")
    labeled_rows = serializers.IntegerField(source="with_label", help_text="Rows that carry a label.")
    settled_rows = serializers.IntegerField(
        source="settling", help_text="Those whose label fits: they would count as labeled."
    )
    missing_rows = serializers.IntegerField(help_text="Those that name a class that the project lacks.")
    missing_classes = serializers.SerializerMethodField(help_text="The hundred most frequent of them.")
    long_row_count = serializers.IntegerField(source="long", help_text=LONG)

    @extend_schema_field(MissingClassOut(many=True))
    def get_missing_classes(self, summary: ImportSummary) -> Any:
        return [{"name": name, "rows": rows} for name, rows in summary.missing[:MAX_MISSING]]


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
    rows_read = serializers.IntegerField(help_text="Rows, good and bad.")
    imported = serializers.IntegerField()
    existing = serializers.IntegerField(source="already_there", help_text="Were here already.")
    labeled = serializers.IntegerField(help_text="Settled by the answer they came with.")
    takes_labels = serializers.BooleanField(
        source="takes_answers", help_text="Whether labels in the file were taken."
    )
    added_classes = serializers.ListField(
        child=serializers.UUIDField(), help_text="Classes that the project got by it."
    )
    long_row_count = serializers.IntegerField(source="long_count", help_text=LONG)
    bad_row_count = serializers.IntegerField(help_text="Of which nothing is stored.")
    bad_rows = serializers.SerializerMethodField()
    warning_count = serializers.IntegerField(help_text="Stored with a remark.")
    warnings = serializers.SerializerMethodField()

    @extend_schema_field(BadRowOut(many=True))
    def get_bad_rows(self, job: ImportJob) -> Any:
        """The first thousand of them."""
        return BadRowOut(ImportReport.of_job(job).bad_rows, many=True).data

    @extend_schema_field(BadRowOut(many=True))
    def get_warnings(self, job: ImportJob) -> Any:
        """The first thousand of them."""
        return BadRowOut(ImportReport.of_job(job).warnings, many=True).data


class TakesDocuments(Endpoint):
    """Documents as JSON or as a stream of lines."""

    needs = {"POST": MANAGE_HEAVY}
    parser_classes = [StrictJsonParser, JsonLinesParser, NdjsonParser]

    def lines_of(self, request: Request) -> Iterator[bytes]:
        body: Any = request.data
        return body if isinstance(body, Iterator) else _lines(DocumentsIn.checked(body)["documents"])


class ImportDocuments(TakesDocuments):
    post_filters = ImportOptions

    @operation(
        "documents_import",
        request={"application/json": DocumentsIn, **JSON_LINES},
        answers={200: ImportOut, 202: ImportOut},
        filters=ImportOptions,
        examples=EXAMPLES,
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Add documents: up to 1,000 as JSON, or up to 64 MB as JSON lines.

        A JSON body with a mistake is refused as a whole. Of a stream, good lines are stored and bad ones
        reported; there, keys that are not known become metadata, and the parameters say which keys hold
        what. A label settles its document unless you ask for `takes_labels=false`; `imports/summary/` tells
        beforehand how many would. The answer is 200 where all is stored. It is 202 where a worker stores
        them: more than 1,000 lines or 4 MB, or while another import is being stored; ask `imports/{id}/`
        how far it is.
        """
        job = uploads.take_lines(
            project_id,
            self.caller,
            self.lines_of(request),
            _choice(self.requested),
            takes_answers=self.requested["takes_labels"],
            adds_classes=self.requested["add_classes"],
        )
        return Response(ImportOut(job).data, status=200 if job.is_over else 202)


class SummarizeImport(TakesDocuments):
    post_filters = FieldFilters

    @operation(
        "imports_summarize",
        request={"application/json": DocumentsIn, **JSON_LINES},
        answers={200: ImportSummaryOut},
        filters=FieldFilters,
        examples=EXAMPLES,
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Tell what these documents would settle; nothing is stored. Takes what `documents/` takes.

        Of more than 1,000 lines or 4 MB the first ones are looked at.
        """
        summary = uploads.summarize_lines(
            project_id, self.caller, self.lines_of(request), _choice(self.requested)
        )
        return Response(ImportSummaryOut(summary).data)


class ImportsOut(serializers.Serializer[Any]):
    results = ImportOut(many=True)


class Imports(Endpoint):
    needs = {"GET": MANAGERS_READ}

    @operation("imports_list", answers={200: ImportsOut})
    def get(self, request: Request, project_id: int) -> Response:
        """List the fifty newest imports, whether they came by page, API or command."""
        jobs = ImportJob.objects.filter(project=project_id)[:MAX_LISTED]
        return Response({"results": ImportOut(jobs, many=True).data})


class OneImport(Endpoint):
    needs = {"GET": MANAGERS_READ}

    @operation("imports_read", answers={200: ImportOut})
    def get(self, request: Request, project_id: int, import_id: UUID) -> Response:
        """Tell how far an import is, and what became of its rows."""
        return Response(ImportOut(import_jobs.job_of(project_id, self.caller, import_id)).data)


class UndoEffectOut(serializers.Serializer[Any]):
    """What undoing an import would remove."""

    is_possible = serializers.BooleanField()
    obstacle = serializers.CharField(help_text="Why it cannot be undone; empty where it can.")
    documents = serializers.IntegerField()
    labels = serializers.IntegerField(help_text="Answers that came with it, also of documents known before.")
    classes = serializers.IntegerField(help_text="That it added and nothing else uses.")
    answered = serializers.IntegerField(help_text="Its documents that somebody answered or asked about.")
    labeled_elsewhere = serializers.IntegerField(help_text="Its documents with labels of another import.")
    leased = serializers.IntegerField(
        source="held", help_text="Its documents that somebody has open at this moment."
    )


class UndoImport(Endpoint):
    needs = {"GET": MANAGERS_READ, "POST": MANAGE_HEAVY}

    @operation("imports_undo_effect", answers={200: UndoEffectOut})
    def get(self, request: Request, project_id: int, import_id: UUID) -> Response:
        """Count what undoing an import would remove; nothing is changed."""
        return Response(UndoEffectOut(undo.undo_effect(project_id, self.caller, import_id)).data)

    @operation("imports_undo", answers={200: ImportOut, 202: ImportOut}, errors=[409])
    def post(self, request: Request, project_id: int, import_id: UUID) -> Response:
        """Remove an import's documents, its labels and the classes that it added, as one step.

        Documents that it only touched keep what they had. It is refused where somebody has answered one of
        its documents. A large import is left to a worker: 202, and `imports/{id}/` tells when it is undone.
        Safe to repeat.
        """
        job = undo.undo(project_id, self.caller, import_id)
        return Response(ImportOut(job).data, status=200 if job.is_over else 202)


def _lines(documents: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """The valid documents of a JSON body, one a line."""
    return (json.dumps(document, ensure_ascii=False).encode() + b"\n" for document in documents)
