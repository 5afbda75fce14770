"""Imports API: a thousand documents as JSON, or a stream of lines; and what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import FileResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Filters, Input, Text
from labeling.api.edge.parsers import JsonLinesParser, NdjsonParser, StrictJsonParser
from labeling.api.edge.permissions import MANAGE, MANAGE_HEAVY, MANAGERS_READ
from labeling.api.edge.schema import JSON_LINES, operation
from labeling.documents.imports import ImportJob
from labeling.documents.models import Document
from labeling.exceptions import NotFound
from labeling.exchange import import_jobs, undo, uploads
from labeling.exchange.import_summaries import ImportSummary
from labeling.exchange.importing import ImportReport
from labeling.exchange.rejects import suffix_of
from labeling.exchange.upload_files import rejects_path
from labeling.formats import USUAL_KEYS, ColumnChoice
from labeling.formats.fields import SEPARATORS
from labeling.formats.records import MAX_ID_CHARACTERS, MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS, BadRow
from labeling.formats.tables.csv_columns import ROLES
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
LONG = f"Longer than the {READ_CHARACTERS:,} characters that models read of a text."


class DocumentIn(Input):
    """A document, with its answer where that is known already."""

    text = Text(max_length=MAX_TEXT_CHARACTERS, trim_whitespace=False)
    id = Text(
        required=False,
        allow_null=True,
        max_length=MAX_ID_CHARACTERS,
        help_text="Your ID of the document. A document with a known ID (or without an ID, a known "
        "text) is not stored again.",
    )
    label = Text(  # type: ignore[assignment]
        required=False, max_length=MAX_NAME_CHARACTERS, help_text="The name of the document's class."
    )
    labels = serializers.ListField(
        child=Text(max_length=MAX_NAME_CHARACTERS),
        required=False,
        help_text="The names of the document's classes.",
    )
    spans = serializers.ListField(
        child=serializers.ListField(child=serializers.JSONField(), min_length=3, max_length=3),
        required=False,
        help_text="Lists of start, end (exclusive, in code points) and class name.",
    )
    split = serializers.ChoiceField(
        Document.Split.choices,
        required=False,
        help_text="Absent: assigned at random by the project's test set percentage.",
    )
    metadata = serializers.DictField(required=False, help_text="Shown next to the text. Any keys.")


class DocumentsIn(Input):
    documents = serializers.ListField(child=DocumentIn(), min_length=1, max_length=MAX_DOCUMENTS)


def _field(usual: str) -> serializers.CharField:
    return serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_NAME_CHARACTERS,
        help_text=f"The key of the field, `metadata.…` within metadata; absent: `{usual}`, empty: none.",
    )


class FieldNames(serializers.CharField):
    """Comma-separated field names."""

    def to_internal_value(self, data: Any) -> Any:
        return tuple(name for part in super().to_internal_value(data).split(",") if (name := part.strip()))


class FieldFilters(Filters):
    """How keys map to fields, and what happens to all other keys."""

    text_field = serializers.CharField(
        required=False, max_length=MAX_NAME_CHARACTERS, help_text="The key of the text; absent: `text`."
    )
    id_field = _field("id")
    label_field = _field("label")
    labels_field = _field("labels")
    spans_field = _field("spans")
    split_field = _field("split")
    separator = serializers.ChoiceField(
        SEPARATORS,
        required=False,
        help_text="Separator between classes if `labels` is a string; absent: `|`.",
    )
    hidden_fields = FieldNames(
        source="hide",
        required=False,
        max_length=10_000,
        help_text="Comma-separated metadata fields to hide from annotators; absent: fields that would "
        "reveal the label.",
    )
    shown_fields = FieldNames(
        source="show",
        required=False,
        max_length=10_000,
        help_text="Comma-separated metadata fields to show even if they would reveal the label.",
    )
    excluded_fields = FieldNames(
        source="leave_out",
        required=False,
        max_length=10_000,
        help_text="Comma-separated fields that are not stored.",
    )


class ImportOptions(FieldFilters):
    """How documents are imported."""

    takes_labels = serializers.BooleanField(
        default=True,
        help_text="true: a document with a label is imported as labeled. false: labels are ignored, "
        "and all documents are imported as unlabeled.",
    )
    add_classes = serializers.BooleanField(
        default=False,
        help_text="true: labels that are not yet classes of the project are added as classes. false: "
        "documents with such a label are stored without it, with a warning.",
    )


def choice_of(requested: dict[str, Any]) -> ColumnChoice | None:
    """The usual keys but for those that were asked for; None where nothing was asked."""
    roles: dict[str, Any] = {
        role: requested[f"{role}_field"] or None for role in ROLES if f"{role}_field" in requested
    }
    keeps = {"hide": "hidden", "show": "shown", "leave_out": "left_out", "separator": "separator"}
    others = {field: requested[name] for name, field in keeps.items() if name in requested}
    return replace(USUAL_KEYS, **roles, **others) if roles or others else None


class MissingClassOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    rows = serializers.IntegerField(help_text="Rows with this label.")


class ImportSummaryOut(serializers.Serializer[Any]):
    """What an import would label if it used the labels and added no classes. Nothing is stored."""

    rows_read = serializers.IntegerField(source="rows", help_text="Rows checked, valid or not.")
    is_complete = serializers.BooleanField(source="is_whole", help_text="Whether all rows were checked.")
    bad_row_count = serializers.IntegerField(source="bad", help_text="Rows that would not be imported.")
    labeled_rows = serializers.IntegerField(source="with_label", help_text="Rows with a label.")
    settled_rows = serializers.IntegerField(
        source="settling", help_text="Rows with a valid label, which would be imported as labeled."
    )
    missing_rows = serializers.IntegerField(help_text="Rows with a label that is not a class of the project.")
    missing_classes = serializers.SerializerMethodField(help_text="The 100 most frequent missing classes.")
    long_row_count = serializers.IntegerField(source="long", help_text=LONG)

    @extend_schema_field(MissingClassOut(many=True))
    def get_missing_classes(self, summary: ImportSummary) -> Any:
        return [{"name": name, "rows": rows} for name, rows in summary.missing[:MAX_MISSING]]


class BadRowOut(serializers.Serializer[Any]):
    """A row that was not imported, or imported in part, and why."""

    line = serializers.IntegerField(help_text="Row number in the request, starting at 1.")
    reason = serializers.SerializerMethodField()
    excerpt = serializers.CharField()

    def get_reason(self, row: BadRow) -> str:
        return _(row.message) % row.values if row.values else _(row.message)


class ImportOut(serializers.Serializer[Any]):
    """Progress and result of an import. Sending the same documents again is safe: duplicates are skipped."""

    id = serializers.UUIDField(source="pk")
    state = serializers.ChoiceField(ImportJob.State.choices)
    origin = serializers.ChoiceField(ImportJob.Origin.choices)
    file_name = serializers.CharField()
    failure = serializers.CharField(help_text="Why the import stopped or failed.")
    created_at = serializers.DateTimeField()
    rows_read = serializers.IntegerField(help_text="Rows read, valid or not.")
    imported = serializers.IntegerField()
    existing = serializers.IntegerField(source="already_there", help_text="Duplicates that were skipped.")
    labeled = serializers.IntegerField(help_text="Documents imported as labeled.")
    predicted = serializers.IntegerField(help_text="Imported predictions, one per document and model.")
    takes_labels = serializers.BooleanField(
        source="takes_answers", help_text="Whether labels in the file were used."
    )
    added_classes = serializers.ListField(
        child=serializers.UUIDField(), help_text="Classes that the import added."
    )
    long_row_count = serializers.IntegerField(source="long_count", help_text=LONG)
    bad_row_count = serializers.IntegerField(help_text="Rows that were not imported.")
    bad_rows = serializers.SerializerMethodField()
    warning_count = serializers.IntegerField(help_text="Rows imported with a warning.")
    warnings = serializers.SerializerMethodField()

    @extend_schema_field(BadRowOut(many=True))
    def get_bad_rows(self, job: ImportJob) -> Any:
        """The first 1,000."""
        return BadRowOut(ImportReport.of_job(job).bad_rows, many=True).data

    @extend_schema_field(BadRowOut(many=True))
    def get_warnings(self, job: ImportJob) -> Any:
        """The first 1,000."""
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
        """Import documents: up to 1,000 as JSON, or up to 64 MB as JSON lines.

        A JSON body with an error is refused as a whole. Of a stream, valid lines are stored and
        invalid ones reported; unknown keys become metadata, and the parameters map the keys. A
        document with a label is imported as labeled, unless you send `takes_labels=false`;
        `imports/summary/` counts them beforehand. The status is 200 if everything is stored. It is
        202 if a worker does it: for more than 1,000 lines or 4 MB, or while another import is
        running; `imports/{id}/` has the progress.
        """
        job = uploads.take_lines(
            project_id,
            self.caller,
            self.lines_of(request),
            choice_of(self.requested),
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
        """Check what these documents would label, without storing them.

        Takes the same input as `documents/`. Only the first 1,000 lines or 4 MB are checked.
        """
        summary = uploads.summarize_lines(
            project_id, self.caller, self.lines_of(request), choice_of(self.requested)
        )
        return Response(ImportSummaryOut(summary).data)


class ImportsOut(serializers.Serializer[Any]):
    results = ImportOut(many=True)


class Imports(Endpoint):
    needs = {"GET": MANAGERS_READ}

    @operation("imports_list", answers={200: ImportsOut})
    def get(self, request: Request, project_id: int) -> Response:
        """List the 50 newest imports by page, API or command."""
        jobs = ImportJob.objects.filter(project=project_id)[:MAX_LISTED]
        return Response({"results": ImportOut(jobs, many=True).data})


class OneImport(Endpoint):
    needs = {"GET": MANAGERS_READ}

    @operation("imports_read", answers={200: ImportOut})
    def get(self, request: Request, project_id: int, import_id: UUID) -> Response:
        """Get the progress and result of an import."""
        return Response(ImportOut(import_jobs.job_of(project_id, self.caller, import_id)).data)


class RejectedRows(Endpoint):
    needs = {"GET": MANAGERS_READ}

    @operation("imports_rejected_rows", answers={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, project_id: int, import_id: UUID) -> FileResponse:
        """Get the rows that could not be read, to correct and import them again; 404 if there are none.

        Rows of a table with its header, JSON lines and text as they were; rows of other formats as
        JSON lines with `line`, `reason` and `row`. At most 64 MB.
        """
        job = import_jobs.job_of(project_id, self.caller, import_id)
        path = rejects_path(job.pk)
        if not path.exists():
            raise NotFound
        name = f"rejected-rows{suffix_of(job.file_format)}"
        return FileResponse(
            path.open("rb"), as_attachment=True, filename=name, content_type="application/octet-stream"
        )


class CancelImport(Endpoint):
    needs = {"POST": MANAGE}

    @operation("imports_cancel", answers={204: None})
    def post(self, request: Request, project_id: int, import_id: UUID) -> Response:
        """Cancel an import that a worker reads or is going to read.

        What is stored stays: its state is `stopped`, and `resume/` continues. A binary file that is still
        being converted is forgotten. Nothing happens to an import that is over. Safe to repeat.
        """
        uploads.cancel(project_id, self.caller, import_id)
        return Response(status=204)


class ResumeImport(Endpoint):
    needs = {"POST": MANAGE_HEAVY}

    @operation("imports_resume", answers={202: ImportOut})
    def post(self, request: Request, project_id: int, import_id: UUID) -> Response:
        """Continue an import that stopped or was canceled. No row is stored twice. Safe to repeat."""
        uploads.resume(project_id, self.caller, import_id)
        return Response(ImportOut(import_jobs.job_of(project_id, self.caller, import_id)).data, status=202)


class UndoEffectOut(serializers.Serializer[Any]):
    """What undoing an import would remove."""

    is_possible = serializers.BooleanField()
    obstacle = serializers.CharField(help_text="Why the import cannot be undone; empty if it can.")
    documents = serializers.IntegerField()
    labels = serializers.IntegerField(
        help_text="Imported labels, including those of documents that already existed."
    )
    classes = serializers.IntegerField(help_text="Classes that the import added and nothing else uses.")
    answered = serializers.IntegerField(
        help_text="Imported documents that have since been labeled or asked about."
    )
    labeled_elsewhere = serializers.IntegerField(
        help_text="Imported documents with labels of another import."
    )
    leased = serializers.IntegerField(
        source="held", help_text="Imported documents that are currently assigned to an annotator."
    )


class UndoImport(Endpoint):
    needs = {"GET": MANAGERS_READ, "POST": MANAGE_HEAVY}

    @operation("imports_undo_effect", answers={200: UndoEffectOut})
    def get(self, request: Request, project_id: int, import_id: UUID) -> Response:
        """Count what undoing an import would remove. Nothing is changed."""
        return Response(UndoEffectOut(undo.undo_effect(project_id, self.caller, import_id)).data)

    @operation("imports_undo", answers={200: ImportOut, 202: ImportOut}, errors=[409])
    def post(self, request: Request, project_id: int, import_id: UUID) -> Response:
        """Undo an import: remove its documents, its labels and the classes that it added, all at once.

        Documents that existed before keep what they had. It is refused if one of its documents has
        been labeled since. A worker undoes a large import: the status is 202, and `imports/{id}/`
        shows when it is done. Safe to repeat.
        """
        job = undo.undo(project_id, self.caller, import_id)
        return Response(ImportOut(job).data, status=200 if job.is_over else 202)


def _lines(documents: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """The valid documents of a JSON body, one a line."""
    return (json.dumps(document, ensure_ascii=False).encode() + b"\n" for document in documents)
