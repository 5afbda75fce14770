"""Paired comparison: is one model better, or is it noise? Both judged on the same documents, drawn together.

Documents on which the two agree say nothing about the difference, so its interval is far narrower than two
intervals side by side suggest: each model's own interval, which holds where little is right, is put together
with the other's by how much the two go wrong on the same documents (Newcombe, 1998, method 10 for paired
data, "Improved confidence intervals for the difference between binomial proportions based on paired data").
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, erfc, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.averages import Scores, f1s, interval_of_mean, rates_of
from analytics.metrics.classification import NOTHING_TESTED, NOTHING_TRUE, f1_values
from analytics.metrics.intervals import CONFIDENCE, NO_SUPPORT, f1_of_counts
from analytics.metrics.measures import Interval, Measure, undefined
from analytics.metrics.outcomes import Outcomes, design_effects, outcomes_of_documents

Counts = tuple[NDArray[np.generic], NDArray[np.generic], NDArray[np.generic]]
_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
_EXACT_UP_TO = 1_000  # documents on which the models differ; above, the normal law is as good


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """One measure of two models: the second minus the first.

    first, second : None when undefined
    change : with its paired interval; undefined with the reason when either is
    p_value : of no difference at all, two-sided; 1 when undefined
    is_beyond_noise : whether chance alone is an unlikely reason; for classes with 95% for all of them
        together, so that 50 classes do not raise two false alarms each time
    """

    first: float | None
    second: float | None
    change: Measure
    p_value: float
    is_beyond_noise: bool


@dataclass(frozen=True, slots=True)
class PairedDifferences:
    """All measures of two models on the same documents.

    classes : F1 of each class, in the order of the columns
    fixed, broken : documents right in full with the second model only, with the first only
    """

    accuracy: PairedDifference
    micro_f1: PairedDifference
    macro_f1: PairedDifference
    classes: tuple[PairedDifference, ...]
    n_documents: int
    fixed: int
    broken: int


def paired_differences(
    truth: NDArray[np.bool_], first: NDArray[np.bool_], second: NDArray[np.bool_]
) -> PairedDifferences:
    """How the second model differs from the first, where documents have classes (one or several).

    truth, first, second : (n_documents, n_classes) flags; the same documents in the same order
    returns : second minus first; a document is right when its whole row is (with one class: accuracy)
    Raises ValueError when shapes differ.

    >>> truth = np.eye(2, dtype=bool)[[0, 1] * 40]
    >>> wrong_often = truth.copy(); wrong_often[:20] = ~wrong_often[:20]
    >>> differences = paired_differences(truth, wrong_often, truth)
    >>> accuracy = differences.accuracy
    >>> accuracy.change.value, accuracy.is_beyond_noise, differences.fixed, differences.broken
    (0.25, True, 20, 0)
    """
    if not truth.shape == first.shape == second.shape or truth.ndim != 2:
        raise ValueError(
            f"truth {truth.shape}, first {first.shape} and second {second.shape} must be equal tables"
        )
    counts = [(truth & predicted, ~truth & predicted, truth & ~predicted) for predicted in (first, second)]
    return paired_differences_of_counts(counts[0], counts[1])


def paired_differences_of_counts(first: Counts, second: Counts) -> PairedDifferences:
    """The same from what is right, extra and missed in each document, as `spans.counts_of_documents` counts.

    first, second : three tables of (n_documents, n_classes) each; flags count as 0 and 1
    returns : accuracy is the share of documents without anything extra or missed

    >>> right, none = np.ones((30, 1), int), np.zeros((30, 1), int)
    >>> differences = paired_differences_of_counts((none, none, right), (right, none, none))
    >>> differences.classes[0].first, differences.classes[0].second, differences.classes[0].is_beyond_noise
    (0.0, 1.0, True)
    """
    tables = [np.stack(part).astype(np.int32) for part in (first, second)]
    if tables[0].shape != tables[1].shape or tables[0].ndim != 3:
        raise ValueError(f"counts {tables[0].shape} and {tables[1].shape} must be of the same documents")
    n_documents, n_classes = tables[0].shape[1:]
    is_right = [(table[1] + table[2]).sum(axis=1) == 0 for table in tables]
    fixed, broken = int((is_right[1] & ~is_right[0]).sum()), int((is_right[0] & ~is_right[1]).sum())
    accuracy = _accuracy(n_documents, int(is_right[0].sum()), fixed, broken)
    if not n_documents:
        unknown = tuple(_unknown(NO_SUPPORT) for _ in range(n_classes))
        return PairedDifferences(
            accuracy, _unknown(NOTHING_TESTED), _unknown(NOTHING_TESTED), unknown, 0, 0, 0
        )
    sides = _outcomes_of_both(tables[0], tables[1])
    micro = (
        accuracy
        if all(side.are_single for side in sides)
        else _of_means(sides[0].pooled(), sides[1].pooled())
    )
    return PairedDifferences(
        accuracy, micro, _of_means(*sides), _judged_together(_classes(*sides)), n_documents, fixed, broken
    )


def mcnemar(fixed: int, broken: int) -> float:
    """Two-sided p of McNemar's test: that each document on which two models differ was a toss of a coin.

    fixed, broken : documents that only the second, only the first has right
    returns : exact up to 1,000 of them, the normal law with continuity correction above; 1 for none

    Source: McNemar (1947), "Note on the sampling error of the difference between correlated proportions".

    >>> round(mcnemar(9, 1), 4), mcnemar(0, 0)
    (0.0215, 1.0)
    """
    differing, fewer = fixed + broken, min(fixed, broken)
    if differing > _EXACT_UP_TO:
        return erfc(max(0, abs(fixed - broken) - 1) / sqrt(2 * differing))
    tail = sum(comb(differing, number) for number in range(fewer + 1))
    return min(1.0, float(2 * tail / 2**differing))


def difference_of_shares(n_documents: int, fixed: int, broken: int) -> Interval:
    """Where the difference of two paired shares lies; holds for small numbers and for none that differ.

    Source: Bonett and Price (2012), "Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data".

    >>> interval = difference_of_shares(100, 12, 4)
    >>> round(interval.low, 3), round(interval.high, 3)
    (-0.002, 0.159)
    """
    better, worse = (fixed + 1) / (n_documents + 2), (broken + 1) / (n_documents + 2)
    reach = _Z * sqrt((better + worse - (better - worse) ** 2) / (n_documents + 2))
    return Interval(max(-1.0, better - worse - reach), min(1.0, better - worse + reach))


def _accuracy(n_documents: int, right: int, fixed: int, broken: int) -> PairedDifference:
    if not n_documents:
        return PairedDifference(None, None, undefined(NOTHING_TESTED), 1.0, False)
    change = (fixed - broken) / n_documents
    interval = difference_of_shares(n_documents, fixed, broken)
    interval = Interval(min(interval.low, change), max(interval.high, change))
    p_value = mcnemar(fixed, broken)
    shares = right / n_documents, (right + fixed - broken) / n_documents
    return PairedDifference(*shares, Measure(change, interval=interval), p_value, p_value < 1 - CONFIDENCE)


def _unknown(reason: str) -> PairedDifference:
    return PairedDifference(None, None, undefined(reason), 1.0, False)


def _difference(
    values: tuple[float, float], intervals: tuple[Interval, Interval], correlation: float
) -> PairedDifference:
    """From each model's value and interval, and the correlation of the two values."""
    change = values[1] - values[0]
    down = [values[0] - intervals[0].low, values[1] - intervals[1].low]
    up = [intervals[0].high - values[0], intervals[1].high - values[1]]
    low = change - _side(down[1], up[0], correlation)
    high = change + _side(up[1], down[0], correlation)
    toward_none = change - low if change > 0 else high - change
    p_value = erfc(_Z * abs(change) / toward_none / sqrt(2)) if change else 1.0
    measure = Measure(change, interval=Interval(max(low, -1.0), min(high, 1.0)))
    return PairedDifference(*values, measure, p_value, not low <= 0 <= high)


def _side(first: float, other: float, correlation: float) -> float:
    return sqrt(max(first**2 + other**2 - 2 * correlation * first * other, 0.0))


def _judged_together(classes: list[PairedDifference]) -> tuple[PairedDifference, ...]:
    """Holm's step-down: of the classes, the surest first, until one could be chance.

    Source: Holm (1979), "A simple sequentially rejective multiple test procedure".
    """
    tested = [index for index, difference in enumerate(classes) if difference.change.is_defined]
    sure: set[int] = set()
    for rank, class_index in enumerate(sorted(tested, key=lambda index: classes[index].p_value)):
        if classes[class_index].p_value * (len(tested) - rank) >= 1 - CONFIDENCE:
            break
        sure.add(class_index)
    return tuple(
        PairedDifference(
            difference.first, difference.second, difference.change, difference.p_value, index in sure
        )
        for index, difference in enumerate(classes)
    )


def _outcomes_of_both(first: NDArray[np.int32], second: NDArray[np.int32]) -> tuple[Outcomes, Outcomes]:
    """Outcomes of both models, (3, n_documents, n_classes) each, where rows belong together."""
    n_classes = first.shape[2]
    both = outcomes_of_documents(*np.concatenate([first, second], axis=2))
    right, extra, missed = both.true_positives, both.false_positives, both.false_negatives
    left, other = slice(n_classes), slice(n_classes, None)
    return (
        Outcomes(right[:, left], extra[:, left], missed[:, left], both.documents),
        Outcomes(right[:, other], extra[:, other], missed[:, other], both.documents),
    )


def _of_means(first: Outcomes, second: Outcomes) -> PairedDifference:
    """Of the mean F1 over the classes that have a document."""
    sides = first, second
    scores = [f1s(side, rates_of(side)) for side in sides]
    is_known = scores[0].is_known
    if not is_known.any():
        return _unknown(NOTHING_TRUE)
    values = [float(f1_values(*side.totals)[is_known].mean()) for side in sides]
    intervals = [
        interval_of_mean(value, score, side) for value, score, side in zip(values, scores, sides, strict=True)
    ]
    labels = (first.totals[0] + first.totals[2]) / first.documents.sum()  # of an average document
    moved = [_moved(side, score).sum(axis=1) for side, score in zip(sides, scores, strict=True)]
    imagined = [
        (
            float(labels[is_known] @ score.right[is_known]),
            float(labels[is_known] @ (score.missed + score.extra)[is_known]),
        )
        for score in scores
    ]
    correlation = _correlation(
        moved[0][:, None], moved[1][:, None], first.documents, imagined[0], imagined[1]
    )
    return _difference((values[0], values[1]), (intervals[0], intervals[1]), float(correlation[0]))


def _classes(first: Outcomes, second: Outcomes) -> list[PairedDifference]:
    """Of the F1 of each class."""
    sides = first, second
    scores = [f1s(side, rates_of(side)) for side in sides]
    moved = [_moved(side, score) for side, score in zip(sides, scores, strict=True)]
    imagined = [(score.right, score.missed + score.extra) for score in scores]
    correlations = _correlation(moved[0], moved[1], first.documents, imagined[0], imagined[1])
    measured = [
        [f1_of_counts(*counts) for counts in np.vstack([side.totals, design_effects(side)[2]]).T.tolist()]
        for side in sides
    ]
    differences = []
    for left, other, correlation in zip(*measured, correlations.tolist(), strict=True):
        if left.value is None or other.value is None or left.interval is None or other.interval is None:
            differences.append(_unknown(NO_SUPPORT))
        else:
            differences.append(
                _difference((left.value, other.value), (left.interval, other.interval), correlation)
            )
    return differences


def _moved(side: Outcomes, scores: Scores) -> NDArray[np.float64]:
    """By how much each outcome moves the score of each class that is known: (n_outcomes, n_classes)."""
    moved: NDArray[np.float64] = (
        side.true_positives * scores.right
        + side.false_positives * scores.extra
        + side.false_negatives * scores.missed
    )
    return np.where(scores.is_known, moved, 0.0)


def _correlation(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    documents: NDArray[np.int64],
    of_first: tuple[Any, Any],
    of_second: tuple[Any, Any],
) -> NDArray[np.float64]:
    """How far both models move together, column by column: (n_columns,), below 1.

    first, second : (n_outcomes, n_columns)
    of_first, of_second : what a document moves that the model has right, and one that it has wrong: two
        imagined documents join, for a half each, one that only the first model has right, one that only the
        second has. Without them, models that differ nowhere would be equal for certain.
    """
    (right, wrong), (their_right, their_wrong) = of_first, of_second
    both = documents @ (first * second) + (right * their_wrong + wrong * their_right) / 2
    first_variance = documents @ first**2 + (right**2 + wrong**2) / 2
    other = documents @ second**2 + (their_right**2 + their_wrong**2) / 2
    return np.asarray(both / np.maximum(np.sqrt(first_variance * other), 1e-300))
