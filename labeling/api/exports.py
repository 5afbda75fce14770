"""Exports API: the formats with what each cannot hold, and the file in any of them."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Filters
from labeling.api.edge.permissions import MANAGERS_READ
from labeling.api.edge.schema import operation
from labeling.exceptions import InvalidInput
from labeling.exchange.downloads import download
from labeling.exchange.export_files import (
    FileFormat,
    export_file,
    file_format,
    file_name,
    format_keys,
    formats_of_project,
)
from labeling.exchange.exporting import Scope


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
    needs_command = serializers.SerializerMethodField(
        help_text="Whether only the command `export_labels` writes it, because it needs an optional package."
    )

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_losses(self, chosen: FileFormat) -> list[str]:
        return [_(sentence) for sentence in chosen.losses]

    def get_needs_command(self, chosen: FileFormat) -> bool:
        return bool(chosen.extra)


class ExportFormatsOut(serializers.Serializer[Any]):
    formats = ExportFormatOut(many=True)


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
            raise InvalidInput(_("This format needs an optional package. Use the command export_labels."))
        project, scope = self.member.project, Scope(self.requested["scope"])
        name = file_name(project, scope, chosen)
        return download(export_file(project, scope, chosen.key), name, chosen.content_type)
