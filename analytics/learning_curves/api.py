"""Learning curves API: the curves, and how many labels are left to the target."""

from __future__ import annotations

from math import isfinite
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.edge.fields import MeasureOut, measure_json
from analytics.learning_curves.report import LearningCurve, curves_report, expected
from analytics.learning_curves.wording import curves_headline
from analytics.metrics.curves import TargetStatus
from analytics.metrics.measures import Measure
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.permissions import READ
from labeling.api.edge.schema import operation
from labeling.api.model_status import ModelStatusOut, status_json
from labeling.training.model_status import model_status


class PointOut(serializers.Serializer[Any]):
    """One model as measured when it was trained."""

    model = serializers.IntegerField()
    labels = serializers.IntegerField()
    value = MeasureOut()


class ExpectedOut(serializers.Serializer[Any]):
    """Forecast for a model with this many labels."""

    labels = serializers.FloatField()
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class ToGoOut(serializers.Serializer[Any]):
    """How much is left; `high` is null if there is no upper bound."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField()
    high = serializers.FloatField(allow_null=True)


class CurveOut(serializers.Serializer[Any]):
    """One learning curve and its forecast."""

    metric = serializers.CharField(help_text="`macro_f1`, `accuracy`, or the ID of the class whose F1 it is.")
    name = serializers.CharField(help_text="Name of the class; empty for an average.")
    state = serializers.ChoiceField([standing.value for standing in TargetStatus])
    reason = serializers.CharField(help_text="Why there is no estimate; empty if there is one.")
    remaining_labels = ToGoOut(
        allow_null=True, help_text="In labels of the class, or labeled documents for averages."
    )
    remaining_hours = ToGoOut(allow_null=True, help_text="Hours of one annotator.")
    gain_of_next_100_labels = MeasureOut(allow_null=True, help_text="For averages only.")
    gain_per_hour = MeasureOut(allow_null=True, help_text="For averages only, per hour of one annotator.")
    points = PointOut(many=True)
    extrapolation = ExpectedOut(many=True)


class CurvesOut(serializers.Serializer[Any]):
    """Learning curves as measured when each model was trained."""

    headline = serializers.CharField()
    model_status = ModelStatusOut()
    target_f1 = serializers.FloatField()
    seconds_per_answer = serializers.FloatField(allow_null=True)
    curves = CurveOut(many=True)


class Curves(Endpoint):
    needs = {"GET": READ}

    @operation("reports_curves", answers={200: CurvesOut})
    def get(self, request: Request, project_id: int) -> Response:
        """Read the learning curves of the averages and each class, and the labels remaining to the target."""
        report = curves_report(self.member.project)
        return Response(
            {
                "headline": curves_headline(report),
                "model_status": status_json(model_status(self.member.project), self.member),
                "target_f1": report.project.target_f1,
                "seconds_per_answer": report.seconds,
                "curves": [_curve(curve) for curve in [*report.overall, *report.classes]],
            }
        )


def _curve(curve: LearningCurve) -> dict[str, Any]:
    return {
        "metric": curve.key,
        "name": curve.label_class.name if curve.label_class else "",
        "state": curve.forecast.standing.value,
        "reason": curve.forecast.reason,
        "remaining_labels": _to_go(curve.forecast.more),
        "remaining_hours": _to_go(curve.hours),
        "gain_of_next_100_labels": curve.gain and measure_json(curve.gain),
        "gain_per_hour": curve.gain_an_hour and measure_json(curve.gain_an_hour),
        "points": [
            {"model": point.model, "labels": point.labels, "value": measure_json(point.measure)}
            for point in curve.points
        ],
        "extrapolation": [
            {"labels": round(labels, 1), "value": value, "low": low, "high": high}
            for labels, (value, low, high) in expected(curve)
        ],
    }


def _to_go(more: Measure | None) -> dict[str, Any] | None:
    if more is None or more.interval is None:
        return None
    low, high = more.interval.low, more.interval.high
    value = more.value if more.value is None or isfinite(more.value) else None
    return {
        "value": value,
        "low": low if isfinite(low) else None,
        "high": high if isfinite(high) else None,
    }
