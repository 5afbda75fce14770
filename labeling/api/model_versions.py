"""Which models were trained, on how many labels, and what is known of each?"""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.endpoints import Endpoint
from labeling.api.paging import PageFilters, page, page_of
from labeling.api.permissions import READ
from labeling.api.schema import operation
from labeling.exceptions import NotFound
from labeling.models import ModelVersion


class ModelVersionOut(serializers.ModelSerializer[ModelVersion]):
    """One trained model."""

    classes = serializers.ListField(child=serializers.UUIDField(), help_text="Those it tells apart.")
    facts = serializers.DictField(help_text="Seconds per phase, features, cross-validated F1 per class.")

    class Meta:
        model = ModelVersion
        fields = ("number", "state", "label_count", "classes", "facts", "started_at", "finished_at")
        read_only_fields = fields


class ModelVersions(Endpoint):
    needs = {"GET": READ}
    filters = PageFilters

    @operation("models_list", answers={200: page_of(ModelVersionOut)}, filters=PageFilters)
    def get(self, request: Request, project_id: int) -> Response:
        """List the models, the newest first."""
        versions = ModelVersion.objects.filter(project=project_id).order_by("-number")
        if "cursor" in self.asked:
            versions = versions.filter(number__lt=self.asked["cursor"])
        found = page(
            list(versions[: self.asked["limit"] + 1]), self.asked["limit"], key=lambda version: version.number
        )
        return Response(found | {"results": ModelVersionOut(found["results"], many=True).data})


class OneModelVersion(Endpoint):
    needs = {"GET": READ}

    @operation("models_get", answers={200: ModelVersionOut})
    def get(self, request: Request, project_id: int, number: int) -> Response:
        """Read the facts of a model."""
        version = ModelVersion.objects.filter(project=project_id, number=number).first()
        if version is None:
            raise NotFound
        return Response(ModelVersionOut(version).data)
