"""Model status API: is there a model, and if not, what is in its way? In the words of the pages."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.permissions import READ
from labeling.api.edge.schema import operation
from labeling.projects.models import Membership
from labeling.training.model_status import ModelState, ModelStatus, model_status


class ModelStatusOut(serializers.Serializer[Any]):
    """Whether the project has a model, and if not, why."""

    state = serializers.ChoiceField(list(ModelState))
    title = serializers.CharField()
    text = serializers.CharField(help_text="What is missing or what happens next.")
    labels = serializers.IntegerField(help_text="Labeled documents that a first model can train on.")
    labels_needed = serializers.IntegerField(help_text="Labels remaining until the first training.")
    failure = serializers.CharField(
        allow_null=True, help_text="The error of the last run; for managers only."
    )


class ModelStatuses(Endpoint):
    needs = {"GET": READ}

    @operation("models_status", answers={200: ModelStatusOut})
    def get(self, request: Request, project_id: int) -> Response:
        """Get whether the project has a model, and if not, why."""
        return Response(status_json(model_status(self.member.project), self.member))


def status_json(status: ModelStatus, member: Membership) -> dict[str, Any]:
    """The status as this member may know it."""
    return {
        "state": status.state.value,
        "title": status.title,
        "text": status.text,
        "labels": status.labels,
        "labels_needed": status.labels_needed,
        "failure": status.failure if status.failure and member.may_manage else None,
    }
