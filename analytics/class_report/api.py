"""Class report API: the same numbers as on the page, with their intervals."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.class_report.guidance.finding import Finding
from analytics.class_report.guidance.ranked import class_report_headline, findings
from analytics.class_report.report import ClassReport, ClassRow, class_report
from analytics.data.unlike_texts import UnlikeTexts
from analytics.edge.fields import MeasureOut, ModelFilter, RetiredOut, measure_json, retired_json
from analytics.learning_curves.stopping import stopping_advice, title
from labeling.api.endpoints import Endpoint
from labeling.api.model_status import ModelStatusOut, status_json
from labeling.api.permissions import READ
from labeling.api.schema import operation
from labeling.learning.evaluation.stopping_criteria import NEXT, Advice, TrendStatus
from labeling.steering.models import ClassNeed


class ClassScoresOut(serializers.Serializer[Any]):
    """How good the model in use is at one class, on random test documents."""

    precision = MeasureOut(allow_null=True)
    recall = MeasureOut(allow_null=True)
    f1 = MeasureOut(allow_null=True)
    support = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    train_labels = serializers.IntegerField(help_text="`labels` on documents of the pool: to learn from.")
    test_labels = serializers.IntegerField(help_text="`labels` on documents of the test set.")
    cross_validated_f1 = MeasureOut(allow_null=True, help_text="On labels that the queue chose: biased.")
    unlabeled_prevalence = MeasureOut(allow_null=True, help_text="Of unlabeled documents, estimated.")
    f1_without_near_duplicates = MeasureOut(
        allow_null=True, help_text="On test documents unlike any labeled one."
    )
    queue_share = serializers.FloatField(
        allow_null=True,
        help_text="Of the queue: what is there for the class now; null while nothing is ranked.",
    )
    target_queue_share = serializers.FloatField(
        allow_null=True, help_text="What the class should get; null while nobody has said."
    )
    queue_mode = serializers.ChoiceField(ClassNeed.Mode.choices, allow_null=True)
    target_labels = serializers.IntegerField(allow_null=True, help_text="Of a standing focus.")

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(), **super().get_fields()}


class PairOut(serializers.Serializer[Any]):
    """A frequent mistake: documents of one class that the model takes for another."""

    true_class = serializers.UUIDField()
    predicted_class = serializers.UUIDField()
    documents = serializers.IntegerField()
    support = serializers.IntegerField(help_text="Test documents of the true class.")


class ActionOut(serializers.Serializer[Any]):
    """What the page's button does: a page to open, or a form to post there."""

    name = serializers.CharField()
    url = serializers.CharField()
    method = serializers.ChoiceField(["GET", "POST"])


class FindingOut(serializers.Serializer[Any]):
    """One thing to know, why it matters, how sure it is, and what can be done; the most serious first."""

    code = serializers.CharField(help_text="Names the check.")
    title = serializers.CharField()
    text = serializers.CharField()
    rationale = serializers.CharField(help_text="Why it matters.")
    certainty = serializers.CharField(help_text="How sure it is.")
    severity = serializers.ChoiceField(["good", "warn", "bad"])
    actions = ActionOut(many=True, help_text="For managers.")

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(allow_null=True), **super().get_fields()}


class TrendOut(serializers.Serializer[Any]):
    """Accuracy on documents drawn at random among the latest 200 answers, with its 95% interval."""

    slope = serializers.FloatField(help_text="Accuracy gained per 100 labels, as a share.")
    low = serializers.FloatField()
    high = serializers.FloatField()
    documents = serializers.IntegerField()


class GainOut(serializers.Serializer[Any]):
    """Accuracy that the next labels may bring, as a share, with its 95% interval."""

    labels = serializers.IntegerField()
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class StoppingOut(serializers.Serializer[Any]):
    """Advice on whether to go on labeling. Nothing stops by itself."""

    state = serializers.ChoiceField([standing.value for standing in TrendStatus])
    title = serializers.CharField()
    kappas = serializers.ListField(
        child=serializers.FloatField(), help_text="Of models that follow each other, the newest last."
    )
    kappa = serializers.FloatField(allow_null=True, help_text="Their mean, once there are three.")
    trend = TrendOut(allow_null=True)
    expected_gain = GainOut(allow_null=True)


class UnlikeOut(serializers.Serializer[Any]):
    """The numbers on test documents without a near-duplicate among the training documents.

    There where at least 5% of the test documents have one. `accuracy_difference` is the accuracy on those
    without one minus that on the others.
    """

    documents = serializers.IntegerField()
    near_duplicates = serializers.IntegerField(
        help_text="Test documents that have a near-duplicate in training."
    )
    accuracy = MeasureOut()
    macro_f1 = MeasureOut()
    micro_f1 = MeasureOut()
    accuracy_difference = MeasureOut()


class ClassReportOut(serializers.Serializer[Any]):
    """The class report of this moment.

    `macro_f1` and its interval are about the classes that have a test document: the mean of what these score.
    A class without one has an `f1` without a value and is not in the mean.
    """

    headline = serializers.CharField()
    model = serializers.IntegerField(allow_null=True)
    model_status = ModelStatusOut()
    labels = serializers.IntegerField(
        help_text="Pairs of a labeled document and an active class that it has; for spans, marked spans. The "
        "sum of `train_labels` and `test_labels` of `classes`; labels of retired classes are not in it."
    )
    labeled_documents = serializers.IntegerField(
        help_text="Settled documents, and those that wait for a second opinion: they count with their first "
        "answer, and train with it, until the second one is there."
    )
    unresolved_documents = serializers.IntegerField(help_text="Of `labeled_documents`: not settled yet.")
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
        """Read how good each class is, measured on random test documents, and what to do about it."""
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


def _row(row: ClassRow) -> dict[str, Any]:
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
