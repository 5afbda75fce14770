"""Comparison template tags: a difference, a share without its interval, or a p-value."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from analytics.metrics.measures import Measure
from labeling.formatting import decimal

register = template.Library()
MIN_P = 0.001
MINUS = "\u2212"


@register.filter
def change(measure: Measure | None) -> SafeString:
    """A cell: a difference with its sign and interval, or a dash that says why.

    >>> from analytics.metrics.measures import Interval
    >>> change(Measure(0.041, interval=Interval(0.01, 0.09)))
    '+0.04 <small class="interval">+0.01 to +0.09</small>'
    """
    if measure is None or measure.value is None:
        why = _(measure.reason) if measure and measure.reason else _("Not enough data.")
        return format_html(
            '<span class="soft" title="{}">—<span class="hidden-visually"> {}</span></span>', why, why
        )
    if measure.interval is None:
        return format_html("{}", signed(measure.value))
    between = _("{low} to {high}").format(
        low=signed(measure.interval.low), high=signed(measure.interval.high)
    )
    return format_html('{} <small class="interval">{}</small>', signed(measure.value), between)


@register.filter
def share(value: float | None) -> str:
    """Two digits, or a dash.

    >>> share(0.8149), share(None)
    ('0.81', '—')
    """
    return "—" if value is None else decimal(value, 2)


@register.filter
def p_value(value: float) -> str:
    """Three digits, or that it is less.

    >>> p_value(0.0123), p_value(0.00001)
    ('= 0.012', '< 0.001')
    """
    return f"< {decimal(MIN_P, 3)}" if value < MIN_P else f"= {decimal(value, 3)}"


def signed(value: float, digits: int = 2) -> str:
    """With its sign, and none where it is nothing.

    >>> signed(0.041), signed(-0.041) == MINUS + "0.04", signed(0.0001)
    ('+0.04', True, '0.00')
    """
    rounded = round(value, digits)
    sign = "+" if rounded > 0 else MINUS if rounded < 0 else ""
    return f"{sign}{decimal(abs(rounded), digits)}"
