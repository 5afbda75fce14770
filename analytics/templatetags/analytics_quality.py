"""Distance template tags: the distance of two shares, in percentage points."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from analytics.metrics.measures import Interval
from labeling.formatting import decimal

register = template.Library()


@register.filter
def points(difference: float) -> str:
    """Points of a hundred, with their sign where it is minus.

    >>> points(0.068), points(-0.0204)
    ('6.8', '-2.0')
    """
    return decimal(100 * difference, 1)


@register.filter
def points_span(interval: Interval | None) -> str:
    """From low to high, in points of a hundred.

    >>> points_span(Interval(0.05, 0.09))
    '5.0 to 9.0'
    """
    if interval is None:
        return ""
    return _("{low} to {high}").format(low=points(interval.low), high=points(interval.high))
