"""Measured report fields: what all reports on a model share. Which model it is, and what is left out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from labeling.api.fields import AddressNumber, Filters


class ModelFilter(Filters):
    """Which model is measured."""

    model = AddressNumber(
        required=False,
        min_value=1,
        help_text="Number of a version that keeps predictions of the test set; by default the one in use.",
    )


class RetiredOut(serializers.Serializer[Any]):
    """A retired class that labels of the test set still have; documents with it are left out."""

    name = serializers.CharField()
    documents = serializers.IntegerField()


def retired_json(retired: tuple[tuple[str, int], ...]) -> list[dict[str, Any]]:
    """
    >>> retired_json((("Returns", 2),))
    [{'name': 'Returns', 'documents': 2}]
    """
    return [{"name": name, "documents": documents} for name, documents in retired]
