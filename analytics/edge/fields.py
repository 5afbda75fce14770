"""Measured report fields: what all reports on a model share. Which model it is, and what is left out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from analytics.metrics.measures import Measure
from labeling.api.edge.fields import AddressNumber, Filters


class ModelFilter(Filters):
    """Which model is measured."""

    model = AddressNumber(
        required=False,
        min_value=1,
        help_text="Number of a model with stored test-set predictions; default: the model in use.",
    )


class RetiredOut(serializers.Serializer[Any]):
    """A retired class that test documents are still labeled with; these documents are excluded."""

    name = serializers.CharField()
    documents = serializers.IntegerField()


def retired_json(retired: tuple[tuple[str, int], ...]) -> list[dict[str, Any]]:
    """
    >>> retired_json((("Returns", 2),))
    [{'name': 'Returns', 'documents': 2}]
    """
    return [{"name": name, "documents": documents} for name, documents in retired]


class MeasureOut(serializers.Serializer[Any]):
    """A value with its 95% confidence interval, or no value and the reason."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(help_text="Why there is no value; empty if there is one.")


def measure_json(measure: Measure) -> dict[str, Any]:
    interval = measure.interval
    return {
        "value": measure.value,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "reason": _(measure.reason) if measure.reason else "",
    }
