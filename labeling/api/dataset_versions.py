"""Dataset versions API: freeze the data, read what was frozen, download and compare it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Input, Text
from labeling.api.edge.permissions import MANAGE, MANAGE_HEAVY, MANAGERS_READ
from labeling.api.edge.schema import operation
from labeling.exchange import data_cards, dataset_versions
from labeling.exchange.downloads import download
from labeling.exchange.export_files import file_format, format_keys
from labeling.exchange.models import Content, DatasetVersion
from labeling.formats.dataset_differences import DatasetDifference, DocumentChange


class DatasetVersionIn(Input):
    name = Text(required=False, allow_blank=True, max_length=100)
    note = Text(required=False, allow_blank=True, max_length=1000)
    content = serializers.ChoiceField(Content.choices, required=False)


class DatasetVersionOut(serializers.Serializer[Any]):
    """A frozen dataset. Its hash is that of the lines of the format `dataset`."""

    number = serializers.IntegerField()
    name = serializers.CharField()
    note = serializers.CharField()
    content = serializers.ChoiceField(Content.choices)
    state = serializers.ChoiceField(DatasetVersion.State.choices)
    created_at = serializers.DateTimeField()
    guideline_version = serializers.IntegerField(source="guideline", allow_null=True)
    model_version = serializers.IntegerField(
        source="model", allow_null=True, help_text="The model in use at that time."
    )
    byte_count = serializers.IntegerField()
    sha256 = serializers.CharField()
    statistics = serializers.DictField(help_text="Counts of the data card.")
    methods = serializers.SerializerMethodField(
        help_text="A paragraph for a paper; empty until it is frozen."
    )
    failure = serializers.CharField()

    @extend_schema_field(serializers.CharField())
    def get_methods(self, version: DatasetVersion) -> str:
        return data_cards.methods(version) if version.state == DatasetVersion.State.READY else ""


class DatasetVersionsOut(serializers.Serializer[Any]):
    dataset_versions = DatasetVersionOut(many=True)


class DocumentChangeOut(serializers.Serializer[Any]):
    change = serializers.CharField(help_text="added, removed, text, label, labeled, unlabeled or split.")
    document = serializers.CharField(help_text="Its ID, or the start of its text.")
    before = serializers.CharField()
    after = serializers.CharField()


class DatasetDifferenceOut(serializers.Serializer[Any]):
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Documents by change.")
    changes = serializers.SerializerMethodField(help_text="The first 500 changed documents.")
    renamed_classes = serializers.DictField(source="renamed", child=serializers.CharField())
    added_classes = serializers.ListField(child=serializers.CharField())
    removed_classes = serializers.ListField(child=serializers.CharField())
    guideline_versions = serializers.ListField(source="guidelines", child=serializers.IntegerField())

    @extend_schema_field(DocumentChangeOut(many=True))
    def get_changes(self, difference: DatasetDifference) -> Any:
        return [_as_json(change) for change in difference.changes]


def _as_json(change: DocumentChange) -> dict[str, str]:
    return asdict(change)


class DatasetVersions(Endpoint):
    needs = {"GET": MANAGERS_READ, "POST": MANAGE_HEAVY}

    @operation("dataset_versions_list", answers={200: DatasetVersionsOut})
    def get(self, request: Request, project_id: int) -> Response:
        """List the dataset versions.

        The newest first.
        """
        kept = DatasetVersion.objects.kept().filter(project=project_id).select_related("project")
        return Response(DatasetVersionsOut({"dataset_versions": kept}).data)

    @operation(
        "dataset_versions_create",
        request=DatasetVersionIn,
        answers={202: DatasetVersionOut},
        errors=[422],
        examples={"For a paper": {"name": "ACL submission"}},
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Freeze the data as a dataset version.

        A worker writes it; its state tells when it is `ready`.
        """
        fields = DatasetVersionIn.checked(request.data)
        version = dataset_versions.create(project_id, self.caller, **fields)
        version.refresh_from_db()
        return Response(DatasetVersionOut(version).data, status=202)


class OneDatasetVersion(Endpoint):
    needs = {"GET": MANAGERS_READ, "DELETE": MANAGE}

    @operation("dataset_versions_retrieve", answers={200: DatasetVersionOut})
    def get(self, request: Request, project_id: int, version_number: int) -> Response:
        """Read a dataset version."""
        version = dataset_versions.version_of(project_id, self.caller, version_number)
        return Response(DatasetVersionOut(version).data)

    @operation("dataset_versions_delete", answers={204: None})
    def delete(self, request: Request, project_id: int, version_number: int) -> Response:
        """Delete the file of a dataset version.

        Its number stays taken.
        """
        dataset_versions.delete(project_id, self.caller, version_number)
        return Response(status=204)


class DatasetVersionFile(Endpoint):
    needs = {"GET": MANAGERS_READ}

    @operation(
        "dataset_versions_download",
        answers={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(
        self, request: Request, project_id: int, version_number: int, file_format_key: str
    ) -> HttpResponseBase:
        """Download a dataset version.

        In a format that `exports/` lists and that needs no worker; for others, see `exports/files/`.
        """
        version = dataset_versions.version_of(project_id, self.caller, version_number)
        if file_format_key not in format_keys() or file_format(file_format_key).extra:
            raise NotFound
        chosen = file_format(file_format_key)
        name = dataset_versions.file_name(version, chosen.key, chosen.suffix)
        return download(dataset_versions.download(version, chosen.key), name, chosen.content_type)


class DatasetVersionDifference(Endpoint):
    needs = {"GET": MANAGERS_READ}

    @operation("dataset_versions_compare", answers={200: DatasetDifferenceOut}, errors=[422])
    def get(self, request: Request, project_id: int, version_number: int, other_number: int) -> Response:
        """Compare two dataset versions.

        What changed from the first version to the second. For large versions use the command
        `compare_dataset_versions`.
        """
        old, new = (
            dataset_versions.version_of(project_id, self.caller, number)
            for number in (version_number, other_number)
        )
        return Response(DatasetDifferenceOut(dataset_versions.compare_in_request(old, new)).data)
