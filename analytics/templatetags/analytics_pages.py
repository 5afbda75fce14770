"""How does a template show a measured number? Its value, its interval smaller, or why there is none."""

from __future__ import annotations

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from analytics.metrics.measures import Interval, Measure
from labeling.models.numbers import decimal

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
def span(interval: Interval | None) -> str:
    """From low to high.

    >>> span(Interval(0.7, 0.9))
    '0.70 to 0.90'
    """
    if interval is None:
        return ""
    low, high = (decimal(end, 2) for end in (interval.low, interval.high))
    return _("{low} to {high}").format(low=low, high=high)


@register.filter
def measured(measure: Measure | None) -> SafeString:
    """A cell: the number with its interval, or a dash that says why."""
    if measure is None or measure.value is None:
        why = _(measure.reason) if measure else _("No model has learnt this class yet.")
        return format_html(
            '<span class="soft" title="{}">—<span class="hidden-visually"> {}</span></span>', why, why
        )
    return format_html('{} <small class="interval">{}</small>', value(measure), span(measure.interval))


@register.filter
def quantity(measure: Measure | None, digits: int = 0) -> SafeString:
    """A cell: a number with its interval and thousands grouped, or a dash.

    >>> quantity(Measure(1234.4, interval=Interval(-10.0, 2000.0)))
    '1,234 <small class="interval">-10 to 2,000</small>'
    """
    if measure is None or measure.value is None or measure.interval is None:
        return format_html('<span class="soft">{}</span>', "—")
    found = measure.value, measure.interval.low, measure.interval.high
    shown = [decimal(n, digits) for n in found]
    between = _("{low} to {high}").format(low=shown[1], high=shown[2])
    return format_html('{} <small class="interval">{}</small>', shown[0], between)


@register.filter
def percent(share: float) -> str:
    """A share as whole per cents.

    >>> percent(0.95), percent(-0.1)
    ('95', '-10')
    """
    return number_format(round(100 * share))


@register.filter
def heat(share: float) -> int:
    """The shade of a cell, 0 to 5.

    >>> heat(0.0), heat(0.01), heat(1.0)
    (0, 1, 5)
    """
    return 0 if share == 0 else min(HEATS, 1 + int(share * HEATS))
