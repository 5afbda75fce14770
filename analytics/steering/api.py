"""Class priorities API: the share of the queue of each class, and how to change it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.class_report.focus_effect import FocusEffect
from analytics.edge.fields import MeasureOut, measure_json
from analytics.steering.report import (
    NeedRow,
    Steering,
    change_need,
    change_project,
    steering,
    steering_headline,
)
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Input, Number, YesNo
from labeling.api.edge.permissions import MANAGE, READ
from labeling.api.edge.schema import operation
from labeling.api.model_status import ModelStatusOut, status_json
from labeling.learning.query_strategies.mix import MAX_NEEDS_SHARE
from labeling.projects.models import Membership
from labeling.steering.class_needs import MAX_TARGET, MIN_TARGET
from labeling.steering.models import ClassNeed


class SteeringIn(Input):
    is_steered = YesNo(required=False, help_text="If false, the default estimate of weak classes is used.")
    target_f1 = Number(required=False, min_value=MIN_TARGET, max_value=MAX_TARGET)


class NeedIn(Input):
    mode = serializers.ChoiceField(ClassNeed.Mode.values)
    share = Number(
        required=False,
        min_value=0,
        max_value=MAX_NEEDS_SHARE,
        help_text="Share of the queue; only with mode `by_hand`.",
    )


class NeedOut(serializers.Serializer[Any]):
    """The target share of the queue of a class, its current share, and the reason."""

    name = serializers.CharField()
    mode = serializers.ChoiceField(ClassNeed.Mode.values)
    target_share = serializers.FloatField(allow_null=True, help_text="Null if not set.")
    current_share = serializers.FloatField(
        help_text="Share of the head of the queue that is there for the class."
    )
    f1 = MeasureOut()
    reason = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(), **super().get_fields()}


class PartOut(serializers.Serializer[Any]):
    """One share of the head."""

    share = serializers.CharField()
    documents = serializers.IntegerField()
    fraction = serializers.FloatField()


class FocusEffectOut(serializers.Serializer[Any]):
    """The effect of a focus or a class priority."""

    steered_by = serializers.ChoiceField(["focus", "need"])
    annotations = serializers.IntegerField(help_text="Annotations of documents selected for the class.")
    hits = serializers.IntegerField(help_text="Annotations that have the class.")
    f1_before = MeasureOut()
    f1_after = MeasureOut()
    recall_before = MeasureOut()
    recall_after = MeasureOut()
    difference = MeasureOut()
    is_significant = serializers.BooleanField()

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(), **super().get_fields()}


class SteeringOut(serializers.Serializer[Any]):
    """The current class priorities."""

    headline = serializers.CharField()
    model_status = ModelStatusOut()
    is_steered = serializers.BooleanField()
    target_f1 = serializers.FloatField()
    classes = NeedOut(many=True)
    head = PartOut(many=True)
    effects = FocusEffectOut(many=True)


class SteeringReports(Endpoint):
    needs = {"GET": READ, "PATCH": MANAGE}

    @operation("reports_steering", answers={200: SteeringOut})
    def get(self, request: Request, project_id: int) -> Response:
        """Read how much of the queue each class gets, why, and the results."""
        return Response(_as_json(steering(self.member.project), self.member))

    @operation(
        "reports_steering_change",
        request=SteeringIn,
        answers={200: SteeringOut},
        errors=[422],
        examples={"A higher target": {"is_steered": True, "target_f1": 0.85}},
    )
    def patch(self, request: Request, project_id: int) -> Response:
        """Turn class priorities on or off, or change the target. The queue updates within seconds."""
        requested = SteeringIn.checked(request.data)
        project = change_project(
            self.member.project, self.caller, requested.get("is_steered"), requested.get("target_f1")
        )
        return Response(_as_json(steering(project), self.member))


class ClassSteering(Endpoint):
    needs = {"PATCH": MANAGE}

    @operation(
        "reports_steering_class",
        request=NeedIn,
        answers={200: NeedOut},
        errors=[422],
        examples={"A fifth of the queue": {"mode": "by_hand", "share": 0.2}},
    )
    def patch(self, request: Request, project_id: int, class_id: UUID) -> Response:
        """Set the share of a class manually, turn it off, or make it automatic again."""
        requested = NeedIn.checked(request.data)
        change_need(self.member.project, self.caller, class_id, requested["mode"], requested.get("share"))
        rows = steering(self.member.project).rows
        return Response(next(_row(row) for row in rows if row.label_class.pk == class_id))


def _as_json(report: Steering, member: Membership) -> dict[str, Any]:
    return {
        "headline": steering_headline(report),
        "model_status": status_json(report.status, member),
        "is_steered": report.project.is_steered,
        "target_f1": report.project.target_f1,
        "classes": [_row(row) for row in report.rows],
        "head": [
            {"share": row.share, "documents": row.entries, "fraction": round(row.part, 4)}
            for row in report.shares
        ],
        "effects": [_focus_effect(effect) for effect in report.achieved],
    }


def _row(row: NeedRow) -> dict[str, Any]:
    return {
        "class": row.label_class.pk,
        "name": row.label_class.name,
        "mode": row.mode,
        "target_share": row.target_share,
        "current_share": round(row.part, 4),
        "f1": measure_json(row.f1),
        "reason": row.why,
    }


def _focus_effect(effect: FocusEffect) -> dict[str, Any]:
    return {
        "class": effect.label_class.pk,
        "steered_by": "focus" if effect.focus else "need",
        "annotations": effect.brought.answers,
        "hits": effect.brought.hits,
        "f1_before": measure_json(effect.before),
        "f1_after": measure_json(effect.after),
        "recall_before": measure_json(effect.recall_before),
        "recall_after": measure_json(effect.recall_after),
        "difference": measure_json(effect.difference),
        "is_significant": effect.is_beyond_noise,
    }
