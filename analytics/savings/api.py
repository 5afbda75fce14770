"""Label savings API: what the queue has saved, and a request to find it out again."""

from __future__ import annotations

from math import isfinite
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.edge.fields import MeasureOut
from analytics.metrics.measures import Measure
from analytics.savings.live import ARMS, LiveReport, live_report
from analytics.savings.report import SavingsReport, Target, savings_headline, savings_report
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Input, YesNo
from labeling.api.edge.permissions import MANAGE, MANAGERS_READ
from labeling.api.edge.schema import operation
from labeling.learning.evaluation.control_arm import SavingsVerdict
from labeling.learning.evaluation.label_savings import Estimate
from labeling.replay import actions
from labeling.replay.wording import TOO_EARLY_TO_SAY
from labeling.steering.actions import allow_fallback

LEVELS = ("none", "half", "most")


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


class LivePointOut(serializers.Serializer[Any]):
    """Macro F1 at a number of labels."""

    labels = serializers.IntegerField()
    macro_f1 = MeasureOut()


class FallbackOut(serializers.Serializer[Any]):
    """Whether more of the queue is random because random sampling proved better."""

    is_allowed = serializers.BooleanField()
    level = serializers.ChoiceField(list(LEVELS), help_text="`half` of the queue, or `most` of it.")
    since = serializers.DateTimeField(allow_null=True)


class LiveOut(serializers.Serializer[Any]):
    """What active learning has saved so far, compared with the random labels of the queue."""

    headline = serializers.CharField()
    verdict = serializers.ChoiceField([*(verdict.value for verdict in SavingsVerdict), TOO_EARLY_TO_SAY])
    as_of = serializers.DateTimeField(allow_null=True)
    obstacle = serializers.CharField(help_text="What is missing; empty if there is a comparison.")
    labels = serializers.IntegerField(allow_null=True, help_text="Labels that the queue brought.")
    random_labels = serializers.IntegerField(allow_null=True)
    test_documents = serializers.IntegerField(allow_null=True)
    labels_saved = MeasureOut(allow_null=True, help_text="`high` is null if there is no upper limit.")
    macro_f1_gain = MeasureOut(allow_null=True)
    queue = LivePointOut(many=True)
    random = LivePointOut(many=True)
    extrapolated = LivePointOut(many=True)
    fallback = FallbackOut()


class SavingsIn(Input):
    falls_back = YesNo(help_text="If false, the queue never becomes more random by itself.")


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
    so_far = LiveOut()


class Savings(Endpoint):
    needs = {"GET": MANAGERS_READ, "POST": MANAGE, "PATCH": MANAGE}

    @operation("reports_savings", answers={200: SavingsOut})
    def get(self, request: Request, project_id: int) -> Response:
        """Read what the queue would have saved on the project's own labels."""
        return Response(_as_json(savings_report(self.member.project)))

    @operation("reports_replay", answers={202: SavingsOut}, errors=[409])
    def post(self, request: Request, project_id: int) -> Response:
        """Start a replay of the current labels in the background. A replay in progress continues."""
        actions.ask(project_id, self.caller)
        return Response(_as_json(savings_report(self.member.project)), status=202)

    @operation(
        "reports_savings_change",
        request=SavingsIn,
        answers={200: SavingsOut},
        errors=[422],
        examples={"Never more random": {"falls_back": False}},
    )
    def patch(self, request: Request, project_id: int) -> Response:
        """Let more of the queue become random while random sampling proves better, or not."""
        requested = SavingsIn.checked(request.data)
        project = allow_fallback(project_id, self.caller, requested["falls_back"])
        return Response(_as_json(savings_report(project)))


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
        "so_far": _live_json(live_report(report.project)),
    }


def _live_json(live: LiveReport) -> dict[str, Any]:
    savings = live.savings
    points: dict[str, Any] = {arm: [] for arm in ARMS} | {
        arm: [{"labels": point.labels, "macro_f1": _estimate(point.quality)} for point in points]
        for arm, points in live.points.items()
    }
    return {
        "headline": live.headline,
        "verdict": live.verdict,
        "as_of": live.as_of,
        "obstacle": live.why_not,
        "labels": savings and savings.labels,
        "random_labels": savings and savings.random_labels,
        "test_documents": savings and savings.test_documents,
        "labels_saved": savings and _estimate(savings.saved),
        "macro_f1_gain": savings and _estimate(savings.gain),
        **points,
        "fallback": {
            "is_allowed": live.project.falls_back,
            "level": LEVELS[live.level if live.has_fallen_back else 0],
            "since": live.since if live.has_fallen_back else None,
        },
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    high = estimate.high if isfinite(estimate.high) else None
    return {"value": estimate.value, "low": estimate.low, "high": high, "reason": ""}


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
