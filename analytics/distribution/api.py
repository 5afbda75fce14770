"""Label distribution API: labels per class, and the prevalence of each class among unlabeled documents."""

from __future__ import annotations

from math import isfinite
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.distribution.breakdowns import Group
from analytics.distribution.report import ClassSpread, Distribution, distribution
from analytics.distribution.wording import distribution_headline
from analytics.edge.fields import MeasureOut, measure_json
from analytics.metrics.measures import Measure
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.permissions import READ
from labeling.api.edge.schema import operation


class ClassSpreadOut(serializers.Serializer[Any]):
    """The labels of one class, and how frequent it is. A label is a pair of a labeled document and a class
    that it has; for spans, a marked span."""

    name = serializers.CharField()
    train_labels = serializers.IntegerField()
    test_labels = serializers.IntegerField()
    documents = serializers.IntegerField(help_text="Labeled documents that have the class.")
    labeled_prevalence = MeasureOut(help_text="Share of the labeled documents of the pool.")
    prevalence = MeasureOut(help_text="Share of all documents, estimated from randomly drawn ones.")
    unlabeled_prevalence = MeasureOut()
    prevalence_ratio = MeasureOut(
        help_text="`labeled_prevalence` divided by `prevalence`; `high` is null if unbounded."
    )
    representation = serializers.ChoiceField(
        ["over", "under", ""],
        help_text="Over- or under-represented in the labels; empty if not statistically significant.",
    )

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(), **super().get_fields()}


class GroupOut(serializers.Serializer[Any]):
    """Labels of one annotator, guideline version or period."""

    name = serializers.CharField(help_text="For a period, its first day as YYYY-MM-DD.")
    annotations = serializers.IntegerField()
    label_counts = serializers.ListField(
        child=serializers.IntegerField(), help_text="Labels of each class, in the order of `classes`."
    )


class HabitOut(serializers.Serializer[Any]):
    """An annotator who uses a class significantly more or less often than the others."""

    annotator = serializers.CharField()
    share = serializers.FloatField()
    others_share = serializers.FloatField()
    residual = serializers.FloatField(help_text="Difference of the two shares in standard errors.")
    p_value = serializers.FloatField(help_text="Corrected for multiple tests.")

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(), **super().get_fields()}


class TogetherOut(serializers.Serializer[Any]):
    """Two classes on the same documents."""

    first_class = serializers.UUIDField()
    second_class = serializers.UUIDField()
    documents = serializers.IntegerField()
    lift = serializers.FloatField(help_text="How many times as often as expected by chance.")


class DistributionOut(serializers.Serializer[Any]):
    """The current label distribution. Numbers per annotator are empty unless the caller is a manager."""

    headline = serializers.CharField()
    labeled_documents = serializers.IntegerField(
        help_text="Documents with a final label or waiting for a second opinion, each counted once."
    )
    unresolved_documents = serializers.IntegerField(
        help_text="Those of `labeled_documents` that are waiting for a second opinion; their first "
        "annotation counts."
    )
    test_documents = serializers.IntegerField()
    randomly_sampled_documents = serializers.IntegerField(
        help_text="Labeled documents that were drawn at random."
    )
    imbalance_ratio = MeasureOut()
    normalized_entropy = MeasureOut()
    effective_classes = MeasureOut()
    classes = ClassSpreadOut(many=True)
    by_time = GroupOut(many=True)
    by_guideline = GroupOut(many=True)
    by_annotator = GroupOut(many=True)
    annotator_biases = HabitOut(many=True)
    annotator_biases_are_comparable = serializers.BooleanField(
        help_text="True if computed on randomly drawn documents."
    )
    co_occurrences = TogetherOut(many=True)


class Distributions(Endpoint):
    needs = {"GET": READ}

    @operation("reports_distribution", answers={200: DistributionOut})
    def get(self, request: Request, project_id: int) -> Response:
        """Read the distribution of labels over classes, time, guideline versions and annotators."""
        report = distribution(self.member.project)
        return Response(_as_json(report) | _people(report, self.member.may_manage))


def _as_json(report: Distribution) -> dict[str, Any]:
    return {
        "headline": distribution_headline(report),
        "labeled_documents": report.documents,
        "unresolved_documents": report.waiting,
        "test_documents": report.test_documents,
        "randomly_sampled_documents": report.sampled,
        "imbalance_ratio": measure_json(report.imbalance.ratio),
        "normalized_entropy": measure_json(report.imbalance.normalized_entropy),
        "effective_classes": measure_json(report.imbalance.effective_classes),
        "classes": [_row(row) for row in report.rows],
        "by_time": [_group(group) for group in report.times],
        "by_guideline": [_group(group) for group in report.guidelines],
        "co_occurrences": [
            {
                "first_class": p.first.pk,
                "second_class": p.second.pk,
                "documents": p.documents,
                "lift": p.lift,
            }
            for p in report.pairs
        ],
    }


def _people(report: Distribution, is_manager: bool) -> dict[str, Any]:
    rows = [
        {
            "annotator": name,
            "class": report.rows[skew.class_index].label_class.pk,
            "share": skew.share,
            "others_share": skew.others,
            "residual": skew.residual,
            "p_value": skew.p_value,
        }
        for name, skew in report.habits.skews
    ]
    return {
        "by_annotator": [_group(group) for group in report.people] if is_manager else [],
        "annotator_biases": rows if is_manager else [],
        "annotator_biases_are_comparable": report.habits.is_comparable,
    }


def _row(row: ClassSpread) -> dict[str, Any]:
    estimate = row.estimate
    return {
        "class": row.label_class.pk,
        "name": row.label_class.name,
        "train_labels": row.train,
        "test_labels": row.test,
        "documents": row.documents,
        "labeled_prevalence": measure_json(estimate.labeled),
        "prevalence": measure_json(estimate.whole),
        "unlabeled_prevalence": measure_json(estimate.unlabeled),
        "prevalence_ratio": _ratio(estimate.ratio),
        "representation": estimate.standing,
    }


def _ratio(measure: Measure) -> dict[str, Any]:
    body = measure_json(measure)
    has_end = body["high"] is not None and isfinite(body["high"])
    return body if has_end else body | {"high": None}  # JSON knows no infinity


def _group(group: Group) -> dict[str, Any]:
    return {"name": group.name, "annotations": group.answers, "label_counts": list(group.counts)}
