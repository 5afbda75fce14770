"""Exports API: the formats with what each cannot hold, the file in any of them, and files of a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Filters, Input
from labeling.api.edge.permissions import MANAGE, MANAGE_HEAVY, MANAGERS_READ
from labeling.api.edge.schema import operation
from labeling.exceptions import InvalidInput
from labeling.exchange import export_jobs
from labeling.exchange.downloads import download, stored_file
from labeling.exchange.export_files import (
    FileFormat,
    export_file,
    file_format,
    file_name,
    format_keys,
    formats_of_project,
)
from labeling.exchange.exporting import Scope
from labeling.exchange.models import ExportFile


class ExportOptions(Filters):
    """Which annotations are exported."""

    scope = serializers.ChoiceField(
        Scope.choices,
        default=Scope.SETTLED,
        help_text="Final labels only, which is the default, or the annotations of each annotator.",
    )


class ExportFormatOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    suffix = serializers.CharField(help_text="How the file's name ends.")
    losses = serializers.SerializerMethodField(
        help_text="What the format cannot hold of this project, one sentence each. Empty: nothing is lost."
    )
    needs_worker = serializers.SerializerMethodField(
        help_text="Whether only a worker writes it, because it needs an optional package: `exports/files/`."
    )

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_losses(self, chosen: FileFormat) -> list[str]:
        return [_(sentence) for sentence in chosen.losses]

    def get_needs_worker(self, chosen: FileFormat) -> bool:
        return bool(chosen.extra)


class ExportFormatsOut(serializers.Serializer[Any]):
    formats = ExportFormatOut(many=True)


class ExportFileIn(Input):
    format = serializers.CharField(max_length=20, help_text="The key of a format that `exports/` lists.")
    scope = serializers.ChoiceField(Scope.choices, required=False, help_text="As for `exports/`.")
    dataset_version = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text="Of this frozen version instead; then `scope` has no effect.",
    )


class ExportFileOut(serializers.Serializer[Any]):
    """A file that a worker writes. It is deleted a day after it is done."""

    id = serializers.UUIDField()
    format = serializers.CharField(source="file_format")
    scope = serializers.SerializerMethodField()
    dataset_version = serializers.IntegerField(source="dataset_version.number", allow_null=True, default=None)
    state = serializers.ChoiceField(ExportFile.State.choices)
    created_at = serializers.DateTimeField()
    rows_written = serializers.IntegerField(help_text="So far: documents, or rows of JSONL and CSV.")
    row_count = serializers.IntegerField(allow_null=True, help_text="Of all, where it is known before.")
    incomplete_count = serializers.IntegerField(
        help_text="Losses of documents or labels that the format cannot hold."
    )
    byte_count = serializers.IntegerField()
    failure = serializers.CharField()
    expires_at = serializers.SerializerMethodField(help_text="When it is deleted; null while it is written.")

    @extend_schema_field(serializers.ChoiceField(Scope.choices))
    def get_scope(self, export_file: ExportFile) -> str:
        return export_jobs.scope_of(export_file)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_expires_at(self, export_file: ExportFile) -> datetime | None:
        return export_jobs.expires_at(export_file)


class ExportFilesOut(serializers.Serializer[Any]):
    files = ExportFileOut(many=True)


class Exports(Endpoint):
    needs = {"GET": MANAGERS_READ}
    filters = ExportOptions

    @operation("exports_list", answers={200: ExportFormatsOut}, filters=ExportOptions)
    def get(self, request: Request, project_id: int) -> Response:
        """List the export formats.

        Each with what it cannot hold of this project.
        """
        formats = formats_of_project(self.member.project, Scope(self.requested["scope"]))
        return Response(ExportFormatsOut({"formats": formats}).data)


class OneExport(Endpoint):
    needs = {"GET": MANAGERS_READ}
    filters = ExportOptions

    @operation(
        "exports_retrieve",
        answers={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        filters=ExportOptions,
        errors=[422],
    )
    def get(self, request: Request, project_id: int, file_format_key: str) -> HttpResponseBase:
        """Export the labels as a file.

        The file is streamed. If it breaks off, its last line states that it is incomplete.
        """
        if file_format_key not in format_keys():
            raise NotFound
        chosen = file_format(file_format_key)
        if chosen.extra:
            raise InvalidInput(_("A worker writes this format. Send a POST to exports/files/."))
        project, scope = self.member.project, Scope(self.requested["scope"])
        name = file_name(project, scope, chosen)
        return download(export_file(project, scope, chosen.key), name, chosen.content_type)


class ExportFiles(Endpoint):
    needs = {"GET": MANAGERS_READ, "POST": MANAGE_HEAVY}

    @operation("export_files_list", answers={200: ExportFilesOut})
    def get(self, request: Request, project_id: int) -> Response:
        """List the export files.

        Those that a worker writes or has written, the newest first.
        """
        files = export_jobs.files_of(project_id, self.caller)
        return Response(ExportFilesOut({"files": files}).data)

    @operation(
        "export_files_create",
        request=ExportFileIn,
        answers={202: ExportFileOut},
        errors=[422],
        examples={
            "Excel": {"format": "excel"},
            "A frozen version": {"format": "spacy", "dataset_version": 1},
        },
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Have a worker write a file.

        In any format. Its state tells when it is `ready`. A project has at most 5 files; a new one replaces
        the oldest.
        """
        body = ExportFileIn(data=request.data)
        body.is_valid(raise_exception=True)
        requested = body.validated_data
        export_file = export_jobs.create(
            project_id,
            self.caller,
            requested["format"],
            scope=Scope(requested.get("scope", Scope.SETTLED)),
            version_number=requested.get("dataset_version"),
        )
        export_file.refresh_from_db()
        return Response(ExportFileOut(export_file).data, status=202)


class OneExportFile(Endpoint):
    needs = {"GET": MANAGERS_READ, "DELETE": MANAGE}

    @operation("export_files_retrieve", answers={200: ExportFileOut})
    def get(self, request: Request, project_id: int, export_id: UUID) -> Response:
        """Read the state of an export file."""
        return Response(ExportFileOut(export_jobs.file_of(project_id, self.caller, export_id)).data)

    @operation("export_files_delete", answers={204: None})
    def delete(self, request: Request, project_id: int, export_id: UUID) -> Response:
        """Cancel or delete an export file.

        A worker that writes it stops.
        """
        export_jobs.delete(project_id, self.caller, export_id)
        return Response(status=204)


class ExportFileContent(Endpoint):
    needs = {"GET": MANAGERS_READ}

    @operation("export_files_download", answers={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, project_id: int, export_id: UUID) -> HttpResponseBase:
        """Download an export file.

        Not found until it is `ready`.
        """
        export_file = export_jobs.file_of(project_id, self.caller, export_id)
        return stored_file(export_jobs.existing_path(export_file), export_jobs.file_name(export_file))
