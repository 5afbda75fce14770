"""Change significance: did a number change, or is it noise? Two measures in, their difference out."""

from __future__ import annotations

from math import hypot

from analytics.metrics.measures import Interval, Measure, undefined


def change(before: Measure, after: Measure) -> Measure:
    """The second minus the first, with an interval made from theirs.

    Undefined with the reason where either is, or has no interval. The two are taken as independent. Two
    models on one test set are not: they fail on the same documents, so the true interval is narrower, and a
    change that is called more than noise is one.

    Source: Zou and Donner (2008), "Construction of confidence limits about effect measures", for any two
    intervals, after Newcombe (1998).

    >>> before, now = Measure(0.5, interval=Interval(0.4, 0.6)), Measure(0.8, interval=Interval(0.7, 0.85))
    >>> difference = change(before, now)
    >>> round(difference.value, 2), round(difference.interval.low, 3), round(difference.interval.high, 3)
    (0.3, 0.159, 0.412)
    """
    if before.value is None or before.interval is None:
        return undefined(before.reason)
    if after.value is None or after.interval is None:
        return undefined(after.reason)
    difference = after.value - before.value
    low = difference - hypot(after.value - after.interval.low, before.interval.high - before.value)
    high = difference + hypot(after.interval.high - after.value, before.value - before.interval.low)
    return Measure(difference, interval=Interval(low, high))


def is_beyond_noise(difference: Measure) -> bool:
    """Whether the interval of a difference leaves out 0.

    >>> is_beyond_noise(Measure(0.3, interval=Interval(0.1, 0.5))), is_beyond_noise(Measure(0.3))
    (True, False)
    """
    interval = difference.interval
    return interval is not None and not interval.low <= 0 <= interval.high
