"""Sampling bias: how far a number is off that was measured on chosen documents. A difference of shares."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

from analytics.metrics.intervals import CONFIDENCE, wilson
from analytics.metrics.measures import Interval, Measure, undefined


def difference_of_proportions(
    first: int, first_trials: int, second: int, second_trials: int, reason: str
) -> Measure:
    """The second share minus the first, of two groups that have nothing in common, with a 95% interval.

    first, second : successes of so many trials each; reason : where one of the groups is empty

    Source: Newcombe (1998), "Interval estimation for the difference between independent
    proportions", method 10.

    >>> difference = difference_of_proportions(48, 80, 56, 70, "")
    >>> round(difference.value, 4), round(difference.interval.low, 4), round(difference.interval.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    if not first_trials or not second_trials:
        return undefined(reason)
    shares = first / first_trials, second / second_trials
    left, other = wilson(first, first_trials), wilson(second, second_trials)
    change = shares[1] - shares[0]
    low = change - sqrt((shares[1] - other.low) ** 2 + (left.high - shares[0]) ** 2)
    high = change + sqrt((other.high - shares[1]) ** 2 + (shares[0] - left.low) ** 2)
    return Measure(change, interval=Interval(low, high))


def difference_within_strata(strata: Sequence[tuple[int, int, int, int]], reason: str) -> Measure:
    """The second share minus the first where groups differ in kind: compared only with their like.

    strata : (first, first_trials, second, second_trials) of each kind; kinds with one group alone say nothing
    reason : where no kind has both

    Source: Mantel and Haenszel's risk difference with the variance of Sato (1989), "On the variance estimator
    for the Mantel-Haenszel risk difference".

    >>> difference = difference_within_strata([(8, 10, 9, 10), (20, 100, 12, 30)], "")
    >>> round(difference.value, 3), round(difference.interval.low, 3), round(difference.interval.high, 3)
    (0.182, 0.015, 0.349)
    """
    weight = change = spread = balance = 0.0
    for first, n_first, second, n_second in strata:
        if not n_first or not n_second:
            continue
        n = n_first + n_second
        weight += n_first * n_second / n
        change += (second * n_first - first * n_second) / n
        spread += (
            n_second**2 * first - n_first**2 * second + n_first * n_second * (n_first - n_second) / 2
        ) / n**2
        balance += (second * (n_first - first) + first * (n_second - second)) / (2 * n)
    if not weight:
        return undefined(reason)
    value = change / weight
    reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * sqrt(max(value * spread + balance, 0.0)) / weight
    return Measure(value, interval=Interval(max(-1.0, value - reach), min(1.0, value + reach)))
