"""Matrix template tags: a row of a large table, written quickly. Fifty classes are 2,500 cells."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from analytics.confusion.matrix import Cell
from analytics.templatetags.analytics_pages import heat
from labeling.formatting import number as written

register = template.Library()
NOTHING = '<td class="zero">·</td>'
GROUPED_FROM = 1_000  # below it a number looks the same in each language
HIDDEN = "<td></td>"


@register.simple_tag
def cells(row: Sequence[Cell], address: str, is_share: bool) -> SafeString:
    """The cells of a row.

    address : of the test set page, up to its last "&"; empty where the reader may not see it
    is_share : whether shares of the row are shown instead of counts

    >>> cells([Cell(0, 0.0, "", ""), Cell(3, 0.5, "truth=a", "3 of A are called B")], "", False)
    '<td class="zero">·</td><td data-heat="3" title="3 of A are called B">3</td>'
    """
    start = escape(address)
    return mark_safe("".join(_cell(cell, start, is_share) for cell in row))


def _cell(cell: Cell, address: str, is_share: bool) -> str:
    """Written by hand: `format_html` takes ten times as long. `address` is escaped already."""
    if cell.is_hidden:
        return HIDDEN
    if not cell.count:
        return NOTHING
    number = round(100 * cell.share) if is_share else cell.count
    text = str(number) if number < GROUPED_FROM else escape(written(number))
    look = 'class="right"' if cell.is_right else f'data-heat="{heat(cell.share)}"'
    description = escape(cell.description)
    if not (address and cell.query):
        return f'<td {look} title="{description}">{text}</td>'
    link = f'<a href="{address}{escape(cell.query)}" aria-label="{description}">{text}</a>'
    return f'<td {look} title="{description}">{link}</td>'
