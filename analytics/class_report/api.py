"""Class report API: the same numbers as on the page, with their intervals."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.class_report.guidance.finding import Finding
from analytics.class_report.guidance.ranked import class_report_headline, findings
from analytics.class_report.report import ClassReport, ClassReportRow, class_report
from analytics.data.unlike_texts import UnlikeTexts
from analytics.edge.fields import MeasureOut, ModelFilter, RetiredOut, measure_json, retired_json
from analytics.learning_curves.stopping import stopping_advice, title
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.permissions import READ
from labeling.api.edge.schema import operation
from labeling.api.model_status import ModelStatusOut, status_json
from labeling.learning.evaluation.stopping_criteria import NEXT, Advice, TrendStatus
from labeling.steering.models import ClassNeed


class ClassScoresOut(serializers.Serializer[Any]):
    """Quality of the model for one class, measured on random test documents."""

    precision = MeasureOut(allow_null=True)
    recall = MeasureOut(allow_null=True)
    f1 = MeasureOut(allow_null=True)
    support = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    train_labels = serializers.IntegerField(help_text="`labels` on documents of the pool, used for training.")
    test_labels = serializers.IntegerField(help_text="`labels` on documents of the test set.")
    cross_validated_f1 = MeasureOut(allow_null=True, help_text="On actively selected labels, so biased.")
    unlabeled_prevalence = MeasureOut(
        allow_null=True, help_text="Estimated share of unlabeled documents that have the class."
    )
    f1_without_near_duplicates = MeasureOut(
        allow_null=True, help_text="F1 on test documents without a near-duplicate in the training set."
    )
    queue_share = serializers.FloatField(
        allow_null=True,
        help_text="Current share of the queue for the class; null while nothing is ranked.",
    )
    target_queue_share = serializers.FloatField(
        allow_null=True, help_text="Share of the queue that the class should get; null if not set."
    )
    queue_mode = serializers.ChoiceField(ClassNeed.Mode.choices, allow_null=True)
    target_labels = serializers.IntegerField(
        allow_null=True, help_text="Labels requested by the active focus."
    )

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(), **super().get_fields()}


class PairOut(serializers.Serializer[Any]):
    """A frequent error: documents of one class that are predicted as another."""

    true_class = serializers.UUIDField()
    predicted_class = serializers.UUIDField()
    documents = serializers.IntegerField()
    support = serializers.IntegerField(help_text="Test documents of the true class.")


class ActionOut(serializers.Serializer[Any]):
    """A button of the page: a page to open or a form to post."""

    name = serializers.CharField()
    url = serializers.CharField()
    method = serializers.ChoiceField(["GET", "POST"])


class FindingOut(serializers.Serializer[Any]):
    """A finding: what it is, why it matters, how certain it is, and what to do. Most severe first."""

    code = serializers.CharField(help_text="Name of the check.")
    title = serializers.CharField()
    text = serializers.CharField()
    rationale = serializers.CharField(help_text="Why it matters.")
    certainty = serializers.CharField(help_text="How certain it is.")
    severity = serializers.ChoiceField(["good", "warn", "bad"])
    actions = ActionOut(many=True, help_text="Available to managers.")

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(allow_null=True), **super().get_fields()}


class TrendOut(serializers.Serializer[Any]):
    """Accuracy trend on random documents among the latest 200 annotations, with a 95% confidence interval."""

    slope = serializers.FloatField(help_text="Accuracy gained per 100 labels, as a share.")
    low = serializers.FloatField()
    high = serializers.FloatField()
    documents = serializers.IntegerField()


class GainOut(serializers.Serializer[Any]):
    """Expected accuracy gain from the next labels, as a share, with a 95% confidence interval."""

    labels = serializers.IntegerField()
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class StoppingOut(serializers.Serializer[Any]):
    """Advice on whether to continue labeling. Labeling never stops automatically."""

    state = serializers.ChoiceField([standing.value for standing in TrendStatus])
    title = serializers.CharField()
    kappas = serializers.ListField(
        child=serializers.FloatField(), help_text="Agreement of consecutive models, newest last."
    )
    kappa = serializers.FloatField(allow_null=True, help_text="Mean of `kappas`, once there are three.")
    trend = TrendOut(allow_null=True)
    expected_gain = GainOut(allow_null=True)


class UnlikeOut(serializers.Serializer[Any]):
    """The numbers on test documents without a near-duplicate in the training set.

    Present if at least 5% of the test documents have one. `accuracy_difference` is the accuracy on those
    without one minus that on the others.
    """

    documents = serializers.IntegerField()
    near_duplicates = serializers.IntegerField(
        help_text="Test documents that have a near-duplicate in the training set."
    )
    accuracy = MeasureOut()
    macro_f1 = MeasureOut()
    micro_f1 = MeasureOut()
    accuracy_difference = MeasureOut()


class ClassReportOut(serializers.Serializer[Any]):
    """The current class report.

    `macro_f1` and its interval cover only the classes that have test documents. A class without any has an
    `f1` without a value and is not in the mean.
    """

    headline = serializers.CharField()
    model = serializers.IntegerField(allow_null=True)
    model_status = ModelStatusOut()
    labels = serializers.IntegerField(
        help_text="Pairs of a labeled document and an active class that it has; for spans, marked spans. The "
        "sum of `train_labels` and `test_labels` of `classes`; labels of retired classes are not in it."
    )
    labeled_documents = serializers.IntegerField(
        help_text="Documents with a final label, and those waiting for a second opinion, which count and "
        "train with their first annotation until then."
    )
    unresolved_documents = serializers.IntegerField(
        help_text="Those of `labeled_documents` that are waiting for a second opinion."
    )
    test_documents = serializers.IntegerField(
        help_text="Labeled documents of the test set that the model predicted."
    )
    retired_classes = RetiredOut(many=True)
    accuracy = MeasureOut(allow_null=True)
    macro_f1 = MeasureOut(allow_null=True)
    micro_f1 = MeasureOut(allow_null=True)
    without_near_duplicates = UnlikeOut(allow_null=True)
    imbalance_ratio = MeasureOut()
    effective_classes = MeasureOut()
    classes = ClassScoresOut(many=True)
    confused_pairs = PairOut(many=True)
    findings = FindingOut(many=True)
    stopping = StoppingOut()


class ClassReports(Endpoint):
    needs = {"GET": READ}
    filters = ModelFilter

    @operation("reports_classes", answers={200: ClassReportOut}, filters=ModelFilter)
    def get(self, request: Request, project_id: int) -> Response:
        """Read the quality of each class, measured on random test documents, and what to do next."""
        report = class_report(self.member.project, self.requested.get("model"))
        advice = stopping_advice(self.member.project)
        return Response(
            _as_json(report)
            | {
                "model_status": status_json(report.choice.status, self.member),
                "stopping": _stopping(advice, report.is_target_reached),
            }
        )


def _as_json(report: ClassReport) -> dict[str, Any]:
    scores = report.scores
    return {
        "headline": class_report_headline(report),
        "model": report.version.number if report.version else None,
        "labels": report.labels,
        "labeled_documents": len(report.labeled),
        "unresolved_documents": report.labeled.waiting,
        "test_documents": report.test_documents,
        "retired_classes": retired_json(report.retired),
        "accuracy": measure_json(scores.accuracy) if scores else None,
        "macro_f1": measure_json(scores.macro.f1) if scores else None,
        "micro_f1": measure_json(scores.micro.f1) if scores else None,
        "without_near_duplicates": _unlike(report.unlike) if report.unlike else None,
        "imbalance_ratio": measure_json(report.imbalance.ratio),
        "effective_classes": measure_json(report.imbalance.effective_classes),
        "classes": [_row(row) for row in report.rows],
        "confused_pairs": [
            {"true_class": truth.pk, "predicted_class": predicted.pk, "documents": count, "support": total}
            for truth, predicted, count, total in report.pairs[:20]
        ],
        "findings": [finding_json(finding) for finding in findings(report)],
    }


def _unlike(unlike: UnlikeTexts) -> dict[str, Any]:
    return {
        "documents": unlike.documents,
        "near_duplicates": unlike.alike,
        "accuracy": measure_json(unlike.scores.accuracy),
        "macro_f1": measure_json(unlike.scores.macro.f1),
        "micro_f1": measure_json(unlike.scores.micro.f1),
        "accuracy_difference": measure_json(unlike.difference),
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    described = {
        "code": finding.key,
        "title": finding.title,
        "text": finding.text,
        "rationale": finding.why,
        "certainty": finding.how_sure,
        "severity": finding.tone,
    }
    actions = [
        {"name": action.name, "url": action.address, "method": "POST" if action.is_post else "GET"}
        for action in finding.actions
    ]
    return described | {"class": finding.label_class.pk if finding.label_class else None, "actions": actions}


def _stopping(advice: Advice, is_target_reached: bool) -> dict[str, Any]:
    trend, gain = advice.trend, advice.gain
    return {
        "state": advice.standing.value,
        "title": title(advice, is_target_reached),
        "kappas": list(advice.kappas),
        "kappa": advice.kappa,
        "trend": trend and {"slope": trend.slope, "low": trend.low, "high": trend.high, "documents": trend.n},
        "expected_gain": gain and {"labels": NEXT, "value": gain.value, "low": gain.low, "high": gain.high},
    }


def _row(row: ClassReportRow) -> dict[str, Any]:
    scores = row.scores
    return {
        "class": row.label_class.pk,
        "name": row.label_class.name,
        "train_labels": row.train_labels,
        "test_labels": row.test_labels,
        "precision": measure_json(scores.precision) if scores else None,
        "recall": measure_json(scores.recall) if scores else None,
        "f1": measure_json(scores.f1) if scores else None,
        "support": scores.support if scores else None,
        "cross_validated_f1": measure_json(row.crossed.f1) if row.crossed else None,
        "unlabeled_prevalence": measure_json(row.prevalence) if row.prevalence else None,
        "f1_without_near_duplicates": measure_json(row.unlike.f1) if row.unlike else None,
        "queue_share": None if row.queue_part is None else round(row.queue_part, 4),
        "target_queue_share": row.need.share if row.need else None,
        "queue_mode": row.need.mode if row.need else None,
        "target_labels": row.focus.wanted_labels if row.focus else None,
    }
