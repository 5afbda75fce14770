"""Keyset pagination: long lists in pages by the key of the last row. Each page costs what the first does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from rest_framework import serializers

from labeling.api.edge.fields import AddressNumber, Filters

Row = TypeVar("Row")


class PageFilters(Filters):
    """Where the page begins and how many rows it has at most."""

    MAX_PAGE_SIZE = 1000

    cursor = AddressNumber(
        required=False,
        min_value=0,
        help_text="`next_cursor` of the previous page; absent for the first page.",
    )
    limit = AddressNumber(
        required=False,
        min_value=1,
        max_value=MAX_PAGE_SIZE,
        default=100,
        help_text="Rows per page, 1 to 1000.",
    )


def page_of(row: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The serializer of a page of such rows."""
    name = row.__name__.removesuffix("Out")
    fields = {
        "__doc__": f"A page of {name} rows.",
        "results": row(many=True),
        "next_cursor": serializers.CharField(
            allow_null=True, help_text="Send it as `cursor` to get the next page; null on the last page."
        ),
    }
    return type(f"{name}PageOut", (serializers.Serializer,), fields)


def page(rows: Sequence[Row], limit: int, key: Callable[[Row], int]) -> dict[str, Any]:
    """At most `limit` of the rows, and the key of the last one when more were found.

    >>> page([3, 5, 8], 2, key=lambda row: row)
    {'results': [3, 5], 'next_cursor': '5'}
    >>> page([3, 5], 2, key=lambda row: row)
    {'results': [3, 5], 'next_cursor': None}
    """
    shown = list(rows[:limit])
    return {"results": shown, "next_cursor": str(key(shown[-1])) if len(rows) > limit else None}
