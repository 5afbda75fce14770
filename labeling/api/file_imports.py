"""File imports API: a file as it is, into a project or as a project of its own."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Filters
from labeling.api.edge.idempotency import key_of
from labeling.api.edge.parsers import FileParser
from labeling.api.edge.permissions import MANAGE_HEAVY
from labeling.api.edge.schema import IDEMPOTENCY_KEY, operation
from labeling.api.imports import BadRowOut, ImportOptions, ImportOut, ImportSummaryOut, choice_of
from labeling.api.projects import OVERLAP, ProjectOut
from labeling.documents.imports import ImportJob
from labeling.exceptions import InvalidInput
from labeling.exchange import project_files, uploads
from labeling.exchange.importing import decide_visibility
from labeling.exchange.project_files import ProjectFile
from labeling.exchange.project_summaries import ProjectSummary
from labeling.formats import USUAL_KEYS, ColumnChoice, Format
from labeling.formats.converters import CONVERTERS
from labeling.formats.projects import READERS
from labeling.guidelines.models import MAX_CLASSES
from labeling.projects.models import Project

API = ImportJob.Origin.API
DRY_RUN = "true: show what the file holds, and store nothing."


class ProjectFileIn(Filters):
    """The export of another tool, and what it does not say of its project."""

    file = serializers.FileField(max_length=500)
    name = serializers.CharField(required=False, max_length=100, help_text="Absent: as in the file.")
    kind = serializers.ChoiceField(
        Project.Kind.choices, required=False, help_text="The task type. Absent: as in the file."
    )
    classes = serializers.CharField(
        required=False,
        max_length=MAX_CLASSES * 101,
        help_text="The names of the classes, one per line. Absent: as in the file.",
    )
    overlap = serializers.IntegerField(default=1, min_value=1, max_value=32, help_text=OVERLAP)
    test_share = serializers.FloatField(
        default=0.1,
        min_value=0,
        max_value=0.9,
        help_text="Share of the documents without a split that are held out for testing.",
    )
    dry_run = serializers.BooleanField(default=False, help_text=DRY_RUN)


class ImportFileIn(ImportOptions):
    """A file with documents, and how it is read."""

    file = serializers.FileField(max_length=500)
    format = serializers.ChoiceField(
        [*Format, *READERS, *CONVERTERS], required=False, help_text="Absent: recognized."
    )
    dry_run = serializers.BooleanField(default=False, help_text=DRY_RUN)


class NameCountOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    documents = serializers.IntegerField()


class ClassCountOut(NameCountOut):
    is_active = serializers.BooleanField(help_text="false: retired.")


class ProjectSummaryOut(serializers.Serializer[ProjectSummary]):
    """What a file holds. Nothing is stored."""

    tool = serializers.CharField(source="outline.tool")
    name = serializers.CharField(source="outline.name")
    kind = serializers.CharField(
        source="outline.kind", allow_null=True, help_text="The task type; null if the file does not show it."
    )
    classes = serializers.SerializerMethodField()
    annotators = serializers.SerializerMethodField(help_text="An empty name: unnamed.")
    splits = serializers.SerializerMethodField(help_text="An empty name: assigned at random.")
    documents = serializers.IntegerField()
    labeled = serializers.IntegerField(help_text="Documents with a label.")
    predicted = serializers.IntegerField(help_text="Documents with predictions.")
    guideline_count = serializers.SerializerMethodField(help_text="Versions of the guideline.")
    losses = serializers.SerializerMethodField(help_text="What of the file is not imported.")
    failure = serializers.CharField(help_text="Why the rest of the file cannot be read.")
    bad_row_count = serializers.IntegerField(source="bad", help_text="Rows that would not be imported.")
    bad_rows = BadRowOut(many=True, help_text="The first 20.")

    def get_classes(self, summary: ProjectSummary) -> list[dict[str, Any]]:
        counts = dict(summary.class_counts)
        return [
            {"name": c.name, "documents": counts.get(c.name, 0), "is_active": c.is_active}
            for c in summary.outline.classes
        ]

    def get_annotators(self, summary: ProjectSummary) -> list[dict[str, Any]]:
        return _counts(summary.annotators)

    def get_splits(self, summary: ProjectSummary) -> list[dict[str, Any]]:
        return _counts(summary.splits)

    def get_guideline_count(self, summary: ProjectSummary) -> int:
        return len(summary.outline.guidelines)

    def get_losses(self, summary: ProjectSummary) -> list[str]:
        return [_(loss) for loss in summary.outline.losses]


class ProjectFromFileOut(serializers.Serializer[Any]):
    """The project, and the import of its documents, which a worker may still be at."""

    project = ProjectOut()
    documents = ImportOut()


class ProjectFromFile(Endpoint):
    needs = {"POST": MANAGE_HEAVY}
    parser_classes = [FileParser]

    @operation(
        "projects_create_from_file",
        request={"multipart/form-data": ProjectFileIn},
        answers={200: ProjectSummaryOut, 201: ProjectFromFileOut},
        errors=[422],
        headers=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Create a project from another tool's export: classes, guideline and all annotators' labels.

        `dry_run=true` shows what the file holds, with status 200. A worker imports a large file:
        `imports/{id}/` of the project has the progress. Requires a session, since a token belongs
        to one project.
        """
        requested = dict(ProjectFileIn.checked(_form(request)).validated_data)
        upload, is_dry_run = requested.pop("file"), requested.pop("dry_run")
        requested["class_names"] = requested.pop("classes", "").splitlines()
        key = key_of(request, None)
        file = project_files.store(upload, self._file_id(key) if key else None)
        summary = _summary_of(file)
        if is_dry_run:
            project_files.discard(file)
            return Response(ProjectSummaryOut(summary).data)
        job = project_files.create_project(self.caller, file, summary, origin=API, **requested)
        created = {"project": job.project, "documents": job}
        return Response(ProjectFromFileOut(created).data, status=201)

    def _file_id(self, key: str) -> UUID:
        """The same for each repetition of the request."""
        return uuid5(NAMESPACE_OID, f"{self.caller.pk} {key}")


class ImportFile(Endpoint):
    needs = {"POST": MANAGE_HEAVY}
    parser_classes = [FileParser]

    @operation(
        "imports_file",
        request={"multipart/form-data": ImportFileIn},
        answers={200: ImportOut, 202: ImportOut},
        errors=[422],
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Import a file: a table, JSON, text, Excel, Parquet, or the export of another tool.

        Format and columns are recognized unless you state them. `dry_run=true` answers as
        `imports/summary/` and stores nothing. The status is 200 if everything is stored, and 202 if
        a worker does it; `imports/{id}/` has the progress.
        """
        requested = dict(ImportFileIn.checked(_form(request)).validated_data)
        options = {
            "takes_answers": requested["takes_labels"],
            "adds_classes": requested["add_classes"],
        }
        stated = choice_of(requested)
        job = uploads.store(
            project_id,
            self.caller,
            requested["file"],
            requested.get("format", ""),
            origin=API,
            columns=asdict(stated) if stated else None,
            **options,
        )
        try:
            return self._answer(job, stated, is_dry_run=requested["dry_run"], **options)
        except InvalidInput:
            uploads.discard(project_id, self.caller, job.pk)
            raise

    def _answer(
        self, job: ImportJob, stated: ColumnChoice | None, *, is_dry_run: bool, **options: bool
    ) -> Response:
        if job.state == ImportJob.State.CONVERTING:
            if is_dry_run:
                raise InvalidInput(_("This format cannot be checked beforehand. Convert the file to JSONL."))
            if stated:
                decide_visibility(job.project_id, stated)
            return Response(ImportOut(job).data, status=202)
        choice = _columns_of(job, stated)
        if is_dry_run:
            summary = uploads.summary(job, job.file_format, job.encoding, choice)
            uploads.discard(job.project_id, self.caller, job.pk)
            return Response(ImportSummaryOut(summary).data)
        job = uploads.start(
            job.project_id, self.caller, job.pk, job.file_format, job.encoding, choice, **options
        )
        return Response(ImportOut(job).data, status=200 if job.is_over else 202)


def _form(request: Request) -> QueryDict:
    """The fields of the form; none where no form was sent."""
    return request.data if isinstance(request.data, QueryDict) else QueryDict()


def _counts(pairs: tuple[tuple[str, int], ...]) -> list[dict[str, Any]]:
    return [{"name": name, "documents": count} for name, count in pairs]


def _summary_of(file: ProjectFile) -> ProjectSummary:
    """Raises InvalidInput for a file that is no project, and for one that is too large."""
    summary = project_files.summary_of(file)
    if summary is not None:
        return summary
    project_files.discard(file)
    if file.is_project:
        raise InvalidInput(_("The file is too large to be read here. Use ./run manage import_project."))
    raise InvalidInput(
        _("The file does not describe a project. Create one with its classes, and send the file to it.")
    )


def _columns_of(job: ImportJob, stated: ColumnChoice | None) -> ColumnChoice | None:
    """Which column or key holds what: as stated, else as guessed; None where nothing has to be mapped."""
    columns = uploads.first_rows(job, job.file_format, job.encoding).columns
    if columns is None:
        return None
    if columns.dialect is None and (stated or "text" in columns.names):
        return stated
    guess = columns.guess
    if job.project.kind == Project.Kind.MULTI and guess.label and not guess.labels:
        guess = replace(guess, label=None, labels=guess.label)
    changes = {} if stated is None else _differences(stated)
    return replace(guess, **changes, dialect=columns.dialect)


def _differences(stated: ColumnChoice) -> dict[str, Any]:
    """What a choice says otherwise than the usual keys."""
    values = {field.name: getattr(stated, field.name) for field in fields(stated)}
    return {name: value for name, value in values.items() if value != getattr(USUAL_KEYS, name)}
