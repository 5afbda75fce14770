"""Model comparison API: the differences between two models."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.edge.fields import MeasureOut, measure_json
from analytics.metrics.paired import PairedDifference
from analytics.model_versions.comparison import MAX_ITEMS, Comparison, Outcome, asked_pair, compare
from analytics.model_versions.wording import comparison_headline
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import AddressNumber, Filters
from labeling.api.edge.permissions import MANAGERS_READ
from labeling.api.edge.schema import operation
from labeling.exceptions import NotFound


class CompareFilters(Filters):
    """The two models to compare; default: the model in use and the one before it."""

    first_model = AddressNumber(
        source="a", required=False, min_value=1, help_text="Number of the first model."
    )
    second_model = AddressNumber(
        source="b", required=False, min_value=1, help_text="Number of the second model."
    )
    outcome = serializers.ChoiceField(
        [outcome.value for outcome in Outcome],
        default=Outcome.FIXED.value,
        help_text="Outcome of the documents to list, at most 1,000.",
    )


class DifferenceOut(serializers.Serializer[Any]):
    """One measure of both models, and the difference (second minus first)."""

    first = serializers.FloatField(allow_null=True)
    second = serializers.FloatField(allow_null=True)
    difference = MeasureOut()
    p_value = serializers.FloatField()
    is_significant = serializers.BooleanField()


class ClassDifferenceOut(DifferenceOut):
    """The F1 of one class."""

    name = serializers.CharField()
    labels_added = serializers.IntegerField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(), **super().get_fields()}


class ComparisonOut(serializers.Serializer[Any]):
    """Two models on the same test documents, evaluated on the current labels."""

    headline = serializers.CharField()
    first_model = serializers.IntegerField()
    second_model = serializers.IntegerField()
    test_documents = serializers.IntegerField()
    fixed = serializers.IntegerField()
    broken = serializers.IntegerField()
    both_right = serializers.IntegerField()
    both_wrong = serializers.IntegerField()
    accuracy = DifferenceOut()
    macro_f1 = DifferenceOut()
    micro_f1 = DifferenceOut()
    classes = ClassDifferenceOut(many=True)
    documents = serializers.ListField(
        child=serializers.IntegerField(), help_text="IDs of the documents with the requested outcome."
    )


class Comparisons(Endpoint):
    needs = {"GET": MANAGERS_READ}
    filters = CompareFilters

    @operation("reports_compare", answers={200: ComparisonOut}, filters=CompareFilters)
    def get(self, request: Request, project_id: int) -> Response:
        """Compare two models: measures with paired intervals, and which documents were fixed or broken."""
        pair = asked_pair(self.member.project, self.requested.get("a"), self.requested.get("b"))
        if pair is None:
            raise NotFound
        comparison = compare(self.member.project, *pair)
        return Response(_as_json(comparison, Outcome(self.requested["outcome"])))


def _as_json(comparison: Comparison, outcome: Outcome) -> dict[str, Any]:
    body = comparison.differences
    rows = comparison.judged.documents(outcome)[:MAX_ITEMS]
    return {
        "headline": comparison_headline(comparison),
        "first_model": comparison.first.number,
        "second_model": comparison.second.number,
        "test_documents": body.n_documents,
        "fixed": comparison.counts[Outcome.FIXED],
        "broken": comparison.counts[Outcome.BROKEN],
        "both_right": comparison.counts[Outcome.RIGHT],
        "both_wrong": comparison.counts[Outcome.WRONG],
        "accuracy": _difference(body.accuracy),
        "macro_f1": _difference(body.macro_f1),
        "micro_f1": _difference(body.micro_f1),
        "classes": [
            _difference(row.f1)
            | {"class": row.label_class.pk, "name": row.label_class.name, "labels_added": row.added}
            for row in comparison.rows
        ],
        "documents": comparison.judged.document_ids[rows].tolist(),
    }


def _difference(difference: PairedDifference) -> dict[str, Any]:
    return {
        "first": difference.first,
        "second": difference.second,
        "difference": measure_json(difference.change),
        "p_value": difference.p_value,
        "is_significant": difference.is_beyond_noise,
    }
