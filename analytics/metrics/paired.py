"""Is one model better than another, or is it noise? Both judged on the same documents, drawn together.

Documents on which the two agree say nothing about the difference, so its interval is far narrower than two
intervals side by side suggest.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, erfc, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.bootstrap import outcomes_of_documents
from analytics.metrics.classification import NOTHING_TESTED, f1_values
from analytics.metrics.intervals import CONFIDENCE, NO_SUPPORT
from analytics.metrics.measures import Interval, Measure, undefined
from analytics.metrics.resampling import RESAMPLES, corrected_interval, drawn_weights

Counts = tuple[NDArray[np.generic], NDArray[np.generic], NDArray[np.generic]]
_EXACT_UP_TO = 1_000  # documents on which the models differ; above, the normal law is as good


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of two models: the second minus the first.

    first, second : None when undefined
    change : with its paired interval; undefined with the reason when either is
    p_value : of no difference at all, two-sided; 1 when undefined
    is_beyond_noise : whether chance alone is an unlikely reason; for classes with 95 % for all of them
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

    accuracy: Difference
    micro_f1: Difference
    macro_f1: Difference
    classes: tuple[Difference, ...]
    n_documents: int
    fixed: int
    broken: int


def paired_differences(
    truth: NDArray[np.bool_], first: NDArray[np.bool_], second: NDArray[np.bool_], *, seed: int
) -> PairedDifferences:
    """How the second model differs from the first, where documents have classes (one or several).

    truth, first, second : (n_documents, n_classes) flags; the same documents in the same order
    seed : of the drawn test sets; one seed, one answer
    returns : second minus first; a document is right when its whole row is (with one class: accuracy)
    Raises ValueError when shapes differ.

    >>> truth = np.eye(2, dtype=bool)[[0, 1] * 40]
    >>> wrong_often = truth.copy(); wrong_often[:20] = ~wrong_often[:20]
    >>> found = paired_differences(truth, wrong_often, truth, seed=1)
    >>> found.accuracy.change.value, found.accuracy.is_beyond_noise, found.fixed, found.broken
    (0.25, True, 20, 0)
    """
    if not truth.shape == first.shape == second.shape or truth.ndim != 2:
        raise ValueError(
            f"truth {truth.shape}, first {first.shape} and second {second.shape} must be equal tables"
        )
    counts = [(truth & said, ~truth & said, truth & ~said) for said in (first, second)]
    return paired_differences_of_counts(counts[0], counts[1], seed=seed)


def paired_differences_of_counts(first: Counts, second: Counts, *, seed: int) -> PairedDifferences:
    """The same from what is right, extra and missed in each document, as `spans.counts_of_documents` counts.

    first, second : three tables of (n_documents, n_classes) each; flags count as 0 and 1
    returns : accuracy is the share of documents without anything extra or missed

    >>> right, none = np.ones((30, 1), int), np.zeros((30, 1), int)
    >>> found = paired_differences_of_counts((none, none, right), (right, none, none), seed=1)
    >>> found.classes[0].first, found.classes[0].second, found.classes[0].is_beyond_noise
    (0.0, 1.0, True)
    """
    tables = [np.stack(part).astype(np.int32) for part in (first, second)]
    if tables[0].shape != tables[1].shape or tables[0].ndim != 3:
        raise ValueError(f"counts {tables[0].shape} and {tables[1].shape} must be of the same documents")
    n_documents, n_classes = tables[0].shape[1:]
    is_right = [(table[1] + table[2]).sum(axis=1) == 0 for table in tables]
    fixed, broken = int((is_right[1] & ~is_right[0]).sum()), int((is_right[0] & ~is_right[1]).sum())
    measured = [_f1(table.sum(axis=1, dtype=np.float64)[:, None]) for table in tables]
    draws = _drawn_changes(tables[0], tables[1], seed) if n_documents else np.full((2 + n_classes, 1), np.nan)
    micro, macro, *classes = (
        _difference(one, other, drawn, NO_SUPPORT if place > 1 else NOTHING_TESTED)
        for place, (one, other, drawn) in enumerate(
            zip(measured[0][:, 0], measured[1][:, 0], draws, strict=True)
        )
    )
    return PairedDifferences(
        _accuracy(n_documents, int(is_right[0].sum()), fixed, broken),
        micro,
        macro,
        _judged_together(classes),
        n_documents,
        fixed,
        broken,
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

    >>> found = difference_of_shares(100, 12, 4)
    >>> round(found.low, 3), round(found.high, 3)
    (-0.002, 0.159)
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    better, worse = (fixed + 1) / (n_documents + 2), (broken + 1) / (n_documents + 2)
    reach = z * sqrt((better + worse - (better - worse) ** 2) / (n_documents + 2))
    return Interval(max(-1.0, better - worse - reach), min(1.0, better - worse + reach))


def _accuracy(n_documents: int, right: int, fixed: int, broken: int) -> Difference:
    if not n_documents:
        return Difference(None, None, undefined(NOTHING_TESTED), 1.0, False)
    change = (fixed - broken) / n_documents
    interval = difference_of_shares(n_documents, fixed, broken)
    interval = Interval(min(interval.low, change), max(interval.high, change))
    p_value = mcnemar(fixed, broken)
    shares = right / n_documents, (right + fixed - broken) / n_documents
    return Difference(*shares, Measure(change, interval=interval), p_value, p_value < 1 - CONFIDENCE)


def _difference(first: float, second: float, draws: NDArray[np.float64], reason: str) -> Difference:
    if np.isnan(first) or np.isnan(second):
        return Difference(None, None, undefined(reason), 1.0, False)
    change = float(second - first)
    interval = corrected_interval(change, draws)
    known = draws[~np.isnan(draws)]
    spread = float(known.std()) if len(known) else 0.0
    p_value = erfc(abs(change) / spread / sqrt(2)) if spread else 1.0
    is_beyond = interval is not None and not interval.low <= 0 <= interval.high
    return Difference(float(first), float(second), Measure(change, interval=interval), p_value, is_beyond)


def _judged_together(classes: list[Difference]) -> tuple[Difference, ...]:
    """Holm's step-down: of the classes, the surest first, until one could be chance.

    Source: Holm (1979), "A simple sequentially rejective multiple test procedure".
    """
    tested = [place for place, one in enumerate(classes) if one.change.is_defined]
    sure: set[int] = set()
    for rank, place in enumerate(sorted(tested, key=lambda place: classes[place].p_value)):
        if classes[place].p_value * (len(tested) - rank) >= 1 - CONFIDENCE:
            break
        sure.add(place)
    return tuple(
        Difference(one.first, one.second, one.change, one.p_value, place in sure)
        for place, one in enumerate(classes)
    )


def _drawn_changes(first: NDArray[np.int32], second: NDArray[np.int32], seed: int) -> NDArray[np.float64]:
    """How micro F1, macro F1 and the F1 of each class change, drawn test set by test set: (2 + n_classes, n).

    Two imagined documents join, each with the average labels of a document: one that only the first model has
    right, one that only the second has. Without them, models that differ nowhere would be equal for certain.
    """
    _, n_documents, n_classes = first.shape
    both = outcomes_of_documents(
        *(np.concatenate([a, b], axis=1) for a, b in zip(first, second, strict=True))
    )
    support = (first[0] + first[2]).sum(axis=0) / n_documents
    none = np.zeros(n_classes)
    right, wrong = np.stack([support, none, none]), np.stack([none, support, support])
    imagined = [np.concatenate(pair, axis=1) for pair in ((right, wrong), (wrong, right))]
    counts = [both.true_positives, both.false_positives, both.false_negatives]
    tables = [
        np.vstack([part, imagined[0][place], imagined[1][place]]).astype(np.float32)
        for place, part in enumerate(counts)
    ]
    documents = np.append(both.documents, [1, 1])
    pieces = []
    for weights in drawn_weights(documents, RESAMPLES, seed):
        totals = np.stack([(weights @ table).astype(np.float64) for table in tables])
        pieces.append(_f1(totals[:, :, n_classes:]) - _f1(totals[:, :, :n_classes]))
    return np.concatenate(pieces, axis=1)


def _f1(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Micro F1, macro F1 and F1 of each class: (3, n_draws, n_classes) to (2 + n_classes, n_draws)."""
    classes = f1_values(*totals)
    known = ~np.isnan(classes)
    n_known = known.sum(axis=1)
    macro = np.where(known, classes, 0.0).sum(axis=1) / np.where(n_known, n_known, np.nan)
    return np.vstack([f1_values(*totals.sum(axis=2)), macro, classes.T])
