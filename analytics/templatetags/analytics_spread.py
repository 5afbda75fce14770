"""Prevalence template tags: a share with its interval, or how many times as frequent something is."""

from __future__ import annotations

from math import isfinite

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from analytics.metrics.measures import Measure
from labeling.formatting import decimal, percent

register = template.Library()


@register.filter
def percent_of(share: float | None) -> str:
    """A share in percentages; rare ones keep a digit behind the point.

    >>> percent_of(0.304), percent_of(0.0312), percent_of(None)
    ('30%', '3.1%', '—')
    """
    return "—" if share is None else percent(share, 1 if 0 < 100 * share < 9.95 else 0)


@register.filter
def share(measure: Measure) -> SafeString:
    """A cell: a share in percentages with its interval, or a dash that says why there is none.

    >>> from analytics.metrics.measures import Interval
    >>> share(Measure(0.3, interval=Interval(0.21, 0.4)))
    '30% <small class="interval">21% to 40%</small>'
    """
    if measure.value is None:
        why = _(measure.reason)
        return format_html(
            '<span class="soft" title="{}">—<span class="hidden-visually"> {}</span></span>', why, why
        )
    if measure.interval is None:
        return format_html("{}", percent_of(measure.value))
    between = _("{low} to {high}").format(
        low=percent_of(measure.interval.low), high=percent_of(measure.interval.high)
    )
    return format_html('{} <small class="interval">{}</small>', percent_of(measure.value), between)


@register.filter
def share_span(measure: Measure) -> str:
    """A share with its interval in running text.

    >>> from analytics.metrics.measures import Interval
    >>> share_span(Measure(0.3, interval=Interval(0.21, 0.4)))
    '30% (21% to 40%)'
    """
    if measure.value is None or measure.interval is None:
        return percent_of(measure.value)
    return _("{share} ({low} to {high})").format(
        share=percent_of(measure.value),
        low=percent_of(measure.interval.low),
        high=percent_of(measure.interval.high),
    )


@register.filter
def times(measure: Measure) -> str:
    """How many times as frequent, with its interval, which may have no end.

    >>> from analytics.metrics.measures import Interval
    >>> times(Measure(2.0, interval=Interval(1.5, float("inf"))))
    '2.0 times (1.5 or more)'
    """
    if measure.value is None or measure.interval is None:
        return "—"
    low, high = measure.interval.low, measure.interval.high
    if isfinite(high):
        between = _("{low} to {high}").format(low=decimal(low, 1), high=decimal(high, 1))
    else:
        between = _("{low} or more").format(low=decimal(low, 1))
    return _("{factor} times ({between})").format(factor=decimal(measure.value, 1), between=between)


@register.filter
def small(p_value: float) -> str:
    """A p-value in words; very small ones have no use for their digits.

    >>> small(0.0312), small(1e-12)
    ('p = 0.031', 'p < 0.001')
    """
    return _("p < 0.001") if p_value < 0.001 else _("p = {p}").format(p=decimal(p_value, 3))
