"""Measure template tags: a number, its interval smaller, or why there is none."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from analytics.metrics.classification import ClassScores
from analytics.metrics.measures import Interval, Measure
from labeling.formatting import CACHE_SIZE, decimal, percent

register = template.Library()
HEATS = 5  # shades of the confusion matrix


@register.filter
def value(measure: Measure) -> str:
    """Two digits, or a dash.

    >>> value(Measure(0.8199)), value(Measure(None, "Nothing was predicted."))
    ('0.82', '—')
    """
    return "—" if measure.value is None else decimal(measure.value, 2)


@register.filter
def ratio(measure: Measure) -> str:
    """So many to one, or a dash.

    >>> ratio(Measure(6.12)), ratio(Measure(None, "A class has no label."))
    ('6.1 : 1', '—')
    """
    return "—" if measure.value is None else f"{decimal(measure.value, 1)} : 1"


@register.filter
def span(interval: Interval | None) -> str:
    """From low to high.

    >>> span(Interval(0.7, 0.9))
    '0.70 to 0.90'
    """
    if interval is None:
        return ""
    return _between(decimal(interval.low, 2), decimal(interval.high, 2), get_language())


@register.filter
def measured(measure: Measure | None) -> SafeString:
    """A cell: the number with its interval, or a dash that says why."""
    if measure is None or measure.value is None:
        why = _(measure.reason) if measure else _("No model knows this class yet.")
        return format_html(
            '<span class="soft" title="{}">—<span class="hidden-visually"> {}</span></span>', why, why
        )
    shown = f'{escape(value(measure))} <small class="interval">{escape(span(measure.interval))}</small>'
    return mark_safe(shown)


@register.filter
def measured_cells(scores: ClassScores | None) -> SafeString:
    """Precision, recall and F1 of a class as three cells of a table."""
    measures = (scores.precision, scores.recall, scores.f1) if scores else (None, None, None)
    cells = "".join(f'<td class="n">{measured(measure)}</td>' for measure in measures)
    return mark_safe(cells)


@register.filter
def estimated(share: Measure | None) -> SafeString:
    """A cell: an estimated share in percentages with its interval, or a dash.

    >>> estimated(Measure(0.3, interval=Interval(0.21, 0.4)))
    '30% <small class="interval">21% to 40%</small>'
    """
    if share is None or share.value is None or share.interval is None:
        return mark_safe('<span class="soft">—</span>')
    ends = _between(percent(share.interval.low), percent(share.interval.high), get_language())
    shown = f'{escape(percent(share.value))} <small class="interval">{escape(ends)}</small>'
    return mark_safe(shown)


@register.filter
def quantity(measure: Measure | None, digits: int = 0) -> SafeString:
    """A cell: a number with its interval and thousands grouped, or a dash.

    >>> quantity(Measure(1234.4, interval=Interval(-10.0, 2000.0)))
    '1,234 <small class="interval">-10 to 2,000</small>'
    """
    if measure is None or measure.value is None or measure.interval is None:
        return format_html('<span class="soft">{}</span>', "—")
    values = measure.value, measure.interval.low, measure.interval.high
    shown = [decimal(n, digits) for n in values]
    between = _("{low} to {high}").format(low=shown[1], high=shown[2])
    return format_html('{} <small class="interval">{}</small>', shown[0], between)


@register.filter
def heat(share: float) -> int:
    """The shade of a cell, 0 to 5.

    >>> heat(0.0), heat(0.01), heat(1.0)
    (0, 1, 5)
    """
    return 0 if share == 0 else min(HEATS, 1 + int(share * HEATS))


@lru_cache(CACHE_SIZE)
def _between(low: str, high: str, _language: str | None) -> str:
    return _("{low} to {high}").format(low=low, high=high)
