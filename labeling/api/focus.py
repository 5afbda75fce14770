"""Focus API: of which classes a manager wants more labels."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Identifier, Input, Text, WholeNumber
from labeling.api.edge.permissions import MANAGE, READ
from labeling.api.edge.schema import operation
from labeling.exceptions import NotFound
from labeling.steering import actions
from labeling.steering.models import Focus


class FocusIn(Input):
    target_labels = WholeNumber(
        source="wanted_labels",
        min_value=1,
        max_value=actions.MAX_TARGET_LABELS,
        help_text="New labels from now on.",
    )
    reason = Text(required=False, allow_blank=True, max_length=300)

    def get_fields(self) -> dict[str, Any]:
        return {"class": Identifier(help_text="ID of the class."), **super().get_fields()}


class FocusOut(serializers.ModelSerializer[Focus]):
    """An active request for more labels of a class."""

    target_labels = serializers.IntegerField(source="wanted_labels")
    ends_at = serializers.DateTimeField(source="until", allow_null=True)

    class Meta:
        model = Focus
        fields = ("target_labels", "reason", "created_at", "ends_at")
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(source="label_class_id"), **super().get_fields()}


class FocusesOut(serializers.Serializer[Any]):
    results = FocusOut(many=True)


class Focuses(Endpoint):
    needs = {"GET": READ, "POST": MANAGE}

    @operation("focus_list", answers={200: FocusesOut})
    def get(self, request: Request, project_id: int) -> Response:
        """List active focuses, at most one per class."""
        standing = Focus.objects.standing().filter(project=project_id)
        return Response({"results": FocusOut(standing, many=True).data})

    @operation(
        "focus_set",
        request=FocusIn,
        answers={201: FocusOut},
        errors=[422],
        examples={
            "Fifty more": {
                "class": "5f0c1d9e-6c1c-4f0e-9b7e-0a4f6a0f3b52",
                "target_labels": 50,
                "reason": "F1 is .4",
            }
        },
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Ask for more labels of a class, instead of what was asked of it before.

        The queue is ranked again within seconds.
        """
        requested = FocusIn.checked(request.data)
        focus = actions.focus_on(
            project_id,
            self.caller,
            requested["class"],
            requested["wanted_labels"],
            requested.get("reason", ""),
        )
        focus.refresh_from_db(fields=["created_at"])
        return Response(FocusOut(focus).data, status=201)


class OneFocus(Endpoint):
    needs = {"DELETE": MANAGE}

    @operation("focus_end", answers={204: None})
    def delete(self, request: Request, project_id: int, class_id: UUID) -> Response:
        """End the focus on a class."""
        if not actions.end_focus(project_id, self.caller, class_id):
            raise NotFound
        return Response(status=204)
