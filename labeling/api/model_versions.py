"""Model versions API: which models were trained, on how many labels, and what is known of each."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Input, Text, YesNo
from labeling.api.edge.paging import PageFilters, page, page_of
from labeling.api.edge.permissions import MANAGE, MANAGERS_READ, READ
from labeling.api.edge.schema import operation
from labeling.deployments import downloads
from labeling.exceptions import NotFound
from labeling.exchange.downloads import download
from labeling.predictions import promotions
from labeling.predictions.metadata import MetadataKey
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project


class ModelVersionIn(Input):
    note = Text(required=False, allow_blank=True, max_length=promotions.LONGEST_NOTE)
    is_promoted = YesNo(
        required=False,
        help_text="true: this model stays in use, even when newer ones are trained. false: the newest "
        "model is used again.",
    )


class ModelVersionOut(serializers.ModelSerializer[ModelVersion]):
    """One trained model."""

    classes = serializers.ListField(
        child=serializers.UUIDField(), help_text="IDs of the classes that the model predicts."
    )
    metadata = serializers.SerializerMethodField(
        help_text="Training time per phase, features, labels per class, experts, quality on new texts."
    )
    guideline = serializers.IntegerField(source="guideline.number", default=None, allow_null=True)
    is_promoted = serializers.SerializerMethodField(
        help_text="Whether a manager has promoted the model to stay in use."
    )

    class Meta:
        model = ModelVersion
        fields = (
            "number",
            "state",
            "label_count",
            "classes",
            "guideline",
            "note",
            "is_promoted",
            "metadata",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.DictField())
    def get_metadata(self, version: ModelVersion) -> dict[str, Any]:
        return {name: part for name, part in version.facts.items() if name != MetadataKey.VERSION}

    def get_is_promoted(self, version: ModelVersion) -> bool:
        return bool(version.pk == self.context["promoted"])


class ModelVersions(Endpoint):
    needs = {"GET": READ}
    filters = PageFilters

    @operation("models_list", answers={200: page_of(ModelVersionOut)}, filters=PageFilters)
    def get(self, request: Request, project_id: int) -> Response:
        """List models, newest first."""
        versions = _versions(project_id).order_by("-number")
        if "cursor" in self.requested:
            versions = versions.filter(number__lt=self.requested["cursor"])
        listing = page(
            list(versions[: self.requested["limit"] + 1]),
            self.requested["limit"],
            key=lambda version: version.number,
        )
        context = {"promoted": self.member.project.promoted_model_id}
        return Response(
            listing | {"results": ModelVersionOut(listing["results"], many=True, context=context).data}
        )


class OneModelVersion(Endpoint):
    needs = {"GET": READ, "PATCH": MANAGE}

    @operation("models_get", answers={200: ModelVersionOut})
    def get(self, request: Request, project_id: int, number: int) -> Response:
        """Get a model."""
        return Response(_shown(self.member.project, number))

    @operation(
        "models_change",
        request=ModelVersionIn,
        answers={200: ModelVersionOut},
        errors=[409, 422],
        examples={"Go back to a model": {"is_promoted": True, "note": "The newer one mistakes bills."}},
    )
    def patch(self, request: Request, project_id: int, number: int) -> Response:
        """Add a note to a model, promote it, or return to the newest one.

        The queue updates within seconds.
        """
        requested = ModelVersionIn.changes(request.data)
        with transaction.atomic():
            project = Project.objects.get(pk=project_id)
            before = _shown(project, number)
            if "note" in requested:
                promotions.write_note(project_id, self.caller, number, requested["note"])
            if requested.get("is_promoted"):
                promotions.promote(project_id, self.caller, number)
            elif "is_promoted" in requested and before["is_promoted"]:
                promotions.follow_newest(project_id, self.caller)
            project.refresh_from_db(fields=["promoted_model"])
            return Response(_shown(project, number))


class ModelDownload(Endpoint):
    needs = {"GET": MANAGERS_READ}

    @operation(
        "models_download",
        answers={(200, "application/zip"): OpenApiTypes.BINARY},
        errors=[409],
    )
    def get(self, request: Request, project_id: int, number: int) -> HttpResponseBase:
        """Download a model.

        A zip of a folder that predicts new texts without the service: arrays, JSON and `predictor.py`, which
        needs NumPy and SciPy, and for sentence embeddings ONNX Runtime.
        """
        version = downloads.version_of(self.member.project, number)
        return download(
            downloads.archive(version), f"{downloads.folder_name(version)}.zip", "application/zip"
        )


def _versions(project_id: int) -> QuerySet[ModelVersion]:
    return ModelVersion.objects.filter(project=project_id).select_related("guideline")


def _shown(project: Project, number: int) -> dict[str, Any]:
    """One model as it is told. Raises NotFound."""
    version = _versions(project.pk).filter(number=number).first()
    if version is None:
        raise NotFound
    return dict(ModelVersionOut(version, context={"promoted": project.promoted_model_id}).data)
