"""URL path converters: row identifiers in addresses. Loading this module tells Django of `<row:…>`."""

from __future__ import annotations

from django.urls import register_converter


class RowId:
    """The digits 0 to 9 and a value that fits 64 bits; anything else is no address of ours."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(RowId, "row")
