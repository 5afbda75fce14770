"""How is a row of a large table written quickly? Fifty classes are 2,500 cells."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from analytics.matrix import Cell
from analytics.templatetags.analytics_pages import heat

register = template.Library()
NOTHING = mark_safe('<td class="zero">·</td>')
GROUPED_FROM = 1_000  # below it a number looks the same in each language
RIGHT = mark_safe('class="right"')
HIDDEN = mark_safe("<td></td>")


@register.simple_tag
def cells(row: Sequence[Cell], address: str, is_share: bool) -> SafeString:
    """The cells of a row.

    address : of the test set page, up to its last "&"; empty where the reader may not see it
    is_share : whether shares of the row are shown instead of counts

    >>> cells([Cell(0, 0.0, "", ""), Cell(3, 0.5, "truth=a", "3 of A are called B")], "", False)
    '<td class="zero">·</td><td data-heat="3" title="3 of A are called B">3</td>'
    """
    return format_html_join("", "{}", ((_cell(cell, address, is_share),) for cell in row))


def _cell(cell: Cell, address: str, is_share: bool) -> SafeString:
    if cell.is_hidden:
        return HIDDEN
    if not cell.count:
        return NOTHING
    number = round(100 * cell.share) if is_share else cell.count
    text = str(number) if number < GROUPED_FROM else number_format(number, force_grouping=True)
    look = RIGHT if cell.is_right else format_html('data-heat="{}"', heat(cell.share))
    if not (address and cell.query):
        return format_html('<td {} title="{}">{}</td>', look, cell.told, text)
    return format_html(
        '<td {} title="{}"><a href="{}{}" aria-label="{}">{}</a></td>',
        look, cell.told, address, cell.query, cell.told, text,
    )  # fmt: skip
