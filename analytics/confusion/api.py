"""Confusion matrix API: the same numbers as on the page."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.confusion.report import AmbiguousPair, ConfusionReport, Verdict, confusion_report
from analytics.confusion.wording import advice, confusion_headline
from analytics.edge.fields import MeasureOut, ModelFilter, RetiredOut, measure_json, retired_json
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.permissions import READ
from labeling.api.edge.schema import operation
from labeling.api.model_status import ModelStatusOut, status_json
from labeling.projects.models import Project

CLASS_COUNTS = {  # key of the answer: attribute of the counts
    "support": "true",
    "predicted": "predicted",
    "false_negatives": "missed",
    "false_positives": "extra",
    "unmatched_false_negatives": "missed_alone",
    "unmatched_false_positives": "extra_alone",
}


class ConfusedClassOut(serializers.Serializer[Any]):
    """A row of the matrix. Units are test documents; in a spans project, positions of spans."""

    name = serializers.CharField()
    support = serializers.IntegerField(help_text="Units that have the class.")
    predicted = serializers.IntegerField(help_text="Units predicted as the class.")
    false_negatives = serializers.IntegerField()
    false_positives = serializers.IntegerField()
    unmatched_false_negatives = serializers.IntegerField(
        help_text="Missed, with no other class predicted instead."
    )
    unmatched_false_positives = serializers.IntegerField(
        help_text="Predicted where no other class was missed."
    )

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(), **super().get_fields()}


class AmbiguousPairOut(serializers.Serializer[Any]):
    """Two classes that are confused, and how often annotators disagree on them."""

    first_class = serializers.UUIDField()
    second_class = serializers.UUIDField()
    first_as_second = serializers.IntegerField()
    second_as_first = serializers.IntegerField()
    units = serializers.IntegerField(help_text="Units labeled or predicted as either class.")
    confusion_rate = MeasureOut()
    expected_confusions = serializers.FloatField(
        help_text="Expected number if errors were distributed like the predictions."
    )
    lift = MeasureOut()
    annotator_disagreements = serializers.IntegerField()
    annotator_comparisons = serializers.IntegerField()
    annotator_disagreement_rate = MeasureOut()
    cause = serializers.ChoiceField([verdict.value for verdict in Verdict])
    advice = serializers.CharField()


class ConfusionOut(serializers.Serializer[Any]):
    """The current confusion matrix and confused pairs."""

    headline = serializers.CharField()
    model = serializers.IntegerField(allow_null=True)
    model_status = ModelStatusOut()
    test_documents = serializers.IntegerField()
    retired_classes = RetiredOut(many=True)
    units = serializers.IntegerField()
    classes = ConfusedClassOut(many=True)
    matrix = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Rows: the true class, columns: the predicted one, in the order of the classes.",
    )
    co_occurrence = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        allow_null=True,
        help_text="Test documents labeled with both classes; multi-label projects only.",
    )
    pairs = AmbiguousPairOut(many=True)


class Confusions(Endpoint):
    needs = {"GET": READ}
    filters = ModelFilter

    @operation("reports_confusion", answers={200: ConfusionOut}, filters=ModelFilter)
    def get(self, request: Request, project_id: int) -> Response:
        """Read which classes the model confuses on the test set, and whether annotators confuse them too."""
        report = confusion_report(self.member.project, self.requested.get("model"))
        status = status_json(report.choice.status, self.member)
        return Response(_as_json(report) | {"model_status": status})


def _as_json(report: ConfusionReport) -> dict[str, Any]:
    counts, is_multi = report.counts, report.project.kind == Project.Kind.MULTI
    return {
        "headline": confusion_headline(report),
        "model": report.version.number if report.version else None,
        "test_documents": report.test_documents,
        "retired_classes": retired_json(report.retired),
        "units": counts.n_units if counts else 0,
        "classes": [
            {"class": label_class.pk, "name": label_class.name}
            | {name: int(getattr(counts, attribute)[index]) for name, attribute in CLASS_COUNTS.items()}
            for index, label_class in enumerate(report.classes)
        ],
        "matrix": counts.matrix.tolist() if counts else [],
        "co_occurrence": report.co_occurrence.tolist()
        if is_multi and report.co_occurrence is not None
        else None,
        "pairs": [_pair(pair) for pair in report.pairs],
    }


def _pair(pair: AmbiguousPair) -> dict[str, Any]:
    return {
        "first_class": pair.first.pk,
        "second_class": pair.second.pk,
        "first_as_second": pair.model.forward,
        "second_as_first": pair.model.backward,
        "units": pair.model.either,
        "confusion_rate": measure_json(pair.model.share),
        "expected_confusions": pair.model.expected,
        "lift": measure_json(pair.model.lift),
        "annotator_disagreements": pair.splits,
        "annotator_comparisons": pair.comparisons,
        "annotator_disagreement_rate": measure_json(pair.people),
        "cause": pair.verdict.value,
        "advice": advice(pair),
    }
