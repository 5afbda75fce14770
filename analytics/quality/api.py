"""Model quality API: every measure of a model, in the same numbers as on the page."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.charts.probabilities import share_interval
from analytics.edge.fields import MeasureOut, ModelFilter, RetiredOut, measure_json, retired_json
from analytics.metrics.classification import Average
from analytics.metrics.measures import Measure
from analytics.quality.report import ClassQuality, QualityReport, quality
from analytics.quality.wording import averages, quality_headline
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.permissions import READ
from labeling.api.edge.schema import operation
from labeling.api.model_status import ModelStatusOut, status_json


class AverageOut(serializers.Serializer[Any]):
    """One average over classes; for spans also two lenient ways of matching.

    `macro` and `weighted` and their intervals cover only the classes that have test documents.
    """

    average = serializers.ChoiceField(["micro", "macro", "weighted", "partial", "by_class"])
    precision = MeasureOut()
    recall = MeasureOut()
    f1 = MeasureOut()


class BinOut(serializers.Serializer[Any]):
    """A bin of predictions with similar probability."""

    low = serializers.FloatField()
    high = serializers.FloatField()
    count = serializers.IntegerField()
    mean_predicted_probability = serializers.FloatField()
    accuracy = MeasureOut()


class ClassQualityOut(serializers.Serializer[Any]):
    """One class. `expected_f1_at_best_threshold` is the F1 to expect on other documents."""

    name = serializers.CharField()
    support = serializers.IntegerField()
    f1 = MeasureOut()
    average_precision = MeasureOut(allow_null=True)
    best_threshold = serializers.FloatField(allow_null=True)
    f1_at_best_threshold = MeasureOut(allow_null=True)
    expected_f1_at_best_threshold = MeasureOut(allow_null=True)
    partial_f1 = MeasureOut(allow_null=True, help_text="Spans only: half credit for wrong boundaries.")
    by_class_f1 = MeasureOut(
        allow_null=True, help_text="Spans only: any overlap with the right class counts."
    )

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(), **super().get_fields()}


class QualityOut(serializers.Serializer[Any]):
    """All measures of the model on the current test set; null where there are none."""

    headline = serializers.CharField()
    model = serializers.IntegerField(allow_null=True)
    model_status = ModelStatusOut()
    test_documents = serializers.IntegerField()
    retired_classes = RetiredOut(many=True)
    accuracy = MeasureOut(allow_null=True)
    hamming_loss = MeasureOut(allow_null=True)
    averages = AverageOut(many=True)
    log_loss = MeasureOut(allow_null=True)
    brier_score = MeasureOut(allow_null=True)
    expected_calibration_error = MeasureOut(allow_null=True)
    overconfidence = MeasureOut(
        allow_null=True, help_text="Mean confidence minus accuracy of the predictions."
    )
    label_ranking_average_precision = MeasureOut(allow_null=True)
    label_ranking_loss = MeasureOut(allow_null=True)
    coverage_error = MeasureOut(allow_null=True)
    calibration_bins = BinOut(many=True)
    classes = ClassQualityOut(many=True)


class QualityReports(Endpoint):
    needs = {"GET": READ}
    filters = ModelFilter

    @operation("reports_quality", answers={200: QualityOut}, filters=ModelFilter)
    def get(self, request: Request, project_id: int) -> Response:
        """Read all measures of a model on random test documents, with intervals."""
        report_data = quality(self.member.project, requested=self.requested.get("model"))
        return Response(
            _as_json(report_data) | {"model_status": status_json(report_data.choice.status, self.member)}
        )


def _as_json(report_data: QualityReport) -> dict[str, Any]:
    report, probability_scores, order = report_data.report, report_data.probabilities, report_data.ranking
    return {
        "headline": quality_headline(report_data),
        "model": report_data.version.number if report_data.version else None,
        "test_documents": report_data.documents,
        "retired_classes": retired_json(report_data.retired),
        "accuracy": _or_null(report.accuracy if report else None),
        "hamming_loss": _or_null(report.hamming_loss if report else None),
        "averages": [{"average": key} | _average(average) for key, _name, average in averages(report_data)],
        "log_loss": _or_null(probability_scores.log_loss if probability_scores else None),
        "brier_score": _or_null(probability_scores.brier if probability_scores else None),
        "expected_calibration_error": _or_null(
            probability_scores.calibration.error if probability_scores else None
        ),
        "overconfidence": _or_null(probability_scores.gap if probability_scores else None),
        "label_ranking_average_precision": _or_null(order.average_precision if order else None),
        "label_ranking_loss": _or_null(order.loss if order else None),
        "coverage_error": _or_null(order.coverage if order else None),
        "calibration_bins": [
            {
                "low": score_bin.low,
                "high": score_bin.high,
                "count": score_bin.n_documents,
                "mean_predicted_probability": score_bin.confidence,
                "accuracy": measure_json(Measure(score_bin.share_right, interval=share_interval(score_bin))),
            }
            for score_bin in (probability_scores.calibration.bins if probability_scores else ())
        ],
        "classes": [_row(row) for row in report_data.classes],
    }


def _average(average: Average) -> dict[str, Any]:
    return {name: measure_json(getattr(average, name)) for name in ("precision", "recall", "f1")}


def _row(row: ClassQuality) -> dict[str, Any]:
    best = row.threshold
    return {
        "class": row.label_class.pk,
        "name": row.label_class.name,
        "support": row.support,
        "f1": measure_json(row.f1),
        "average_precision": _or_null(row.average_precision),
        "best_threshold": best.value if best else None,
        "f1_at_best_threshold": _or_null(best.f1 if best else None),
        "expected_f1_at_best_threshold": _or_null(best.f1_elsewhere if best else None),
        "partial_f1": _or_null(row.partial),
        "by_class_f1": _or_null(row.by_class),
    }


def _or_null(measure: Measure | None) -> dict[str, Any] | None:
    return measure_json(measure) if measure else None
