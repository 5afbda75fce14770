"""Label savings API: what the queue has saved, and a request to find it out again."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.edge.fields import MeasureOut
from analytics.metrics.measures import Measure
from analytics.savings.report import SavingsReport, Target, savings_headline, savings_report
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.permissions import MANAGE, MANAGERS_READ
from labeling.api.edge.schema import operation
from labeling.replay import actions


class TargetOut(serializers.Serializer[Any]):
    """Labels a strategy needed for a share of the final macro F1, and savings over random sampling."""

    share = serializers.FloatField()
    labels = MeasureOut()
    labels_saved = MeasureOut(allow_null=True)
    hours_saved = MeasureOut(allow_null=True)
    verdict = serializers.ChoiceField(["saved", "cost", "noise"])


class StrategyOut(serializers.Serializer[Any]):
    """One query strategy."""

    strategy = serializers.CharField()
    targets = TargetOut(many=True)


class SavingsOut(serializers.Serializer[Any]):
    """The newest replay of the project's own labels."""

    headline = serializers.CharField()
    as_of = serializers.DateTimeField(allow_null=True, help_text="When the labels were read.")
    is_running = serializers.BooleanField(help_text="Whether a replay is in progress.")
    obstacle = serializers.CharField(help_text="What is missing before a replay can be requested.")
    pool_documents = serializers.IntegerField(allow_null=True)
    test_documents = serializers.IntegerField(allow_null=True)
    runs = serializers.IntegerField(
        allow_null=True, help_text="Runs of each strategy, each with its own random seed."
    )
    final_macro_f1 = MeasureOut(allow_null=True)
    strategies = StrategyOut(many=True)


class Savings(Endpoint):
    needs = {"GET": MANAGERS_READ, "POST": MANAGE}

    @operation("reports_savings", answers={200: SavingsOut})
    def get(self, request: Request, project_id: int) -> Response:
        """Read what the queue would have saved on the project's own labels."""
        return Response(_as_json(savings_report(self.member.project)))

    @operation("reports_replay", answers={202: SavingsOut}, errors=[409])
    def post(self, request: Request, project_id: int) -> Response:
        """Start a replay of the current labels in the background. A replay in progress continues."""
        actions.ask(project_id, self.caller)
        return Response(_as_json(savings_report(self.member.project)), status=202)


def _as_json(report: SavingsReport) -> dict[str, Any]:
    result = report.replay.result or {} if report.replay else {}
    return {
        "headline": savings_headline(report),
        "as_of": report.replay.asked_at if report.replay else None,
        "is_running": report.running is not None,
        "obstacle": report.why_not,
        "pool_documents": result.get("pool"),
        "test_documents": result.get("test"),
        "runs": result.get("runs"),
        "final_macro_f1": _measure(report.full),
        "strategies": [
            {"strategy": row.strategy, "targets": [_target(target) for target in row.targets]}
            for row in report.rows
        ],
    }


def _target(target: Target) -> dict[str, Any]:
    return {
        "share": target.share,
        "labels": _measure(target.needed),
        "labels_saved": _measure(target.saved),
        "hours_saved": _measure(target.hours),
        "verdict": target.verdict,
    }


def _measure(measure: Measure | None) -> dict[str, Any] | None:
    if measure is None or measure.interval is None:
        return None
    return {
        "value": measure.value,
        "low": measure.interval.low,
        "high": measure.interval.high,
        "reason": "",
    }
