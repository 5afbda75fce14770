"""Model status API: is there a model, and if not, what is in its way? In the words of the pages."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.endpoints import Endpoint
from labeling.api.permissions import READ
from labeling.api.schema import operation
from labeling.projects.models import Membership
from labeling.training.model_status import ModelState, ModelStatus, model_status


class ModelStatusOut(serializers.Serializer[Any]):
    """Whether there is a model, and else why not."""

    state = serializers.ChoiceField(list(ModelState))
    title = serializers.CharField()
    text = serializers.CharField(help_text="What it takes, or what comes next.")
    labels = serializers.IntegerField(help_text="Labeled documents that a first model could learn from.")
    labels_needed = serializers.IntegerField(help_text="More of them until the first training.")
    failure = serializers.CharField(allow_null=True, help_text="How the last run ended; for managers.")


class ModelStatuses(Endpoint):
    needs = {"GET": READ}

    @operation("models_status", answers={200: ModelStatusOut})
    def get(self, request: Request, project_id: int) -> Response:
        """Read whether there is a model, and what keeps it from being there."""
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
