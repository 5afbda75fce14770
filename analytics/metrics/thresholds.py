"""Precision-recall curves: from which probability on should a class be given? The best threshold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.intervals import CONFIDENCE, NO_SUPPORT, f1_of_counts
from analytics.metrics.measures import Interval, Measure, undefined
from analytics.metrics.resampling import RESAMPLES, corrected_interval, resampled_weights
from labeling.learning.arrays.f1_scores import best_cut, f1_scores, ranking_cuts

_LOWEST = 0.6  # of the best F1: no drawn test set has a best one below that part of it, but for tiny classes


@dataclass(frozen=True, slots=True)
class PrecisionRecallCurve:
    """Precision and recall of one class at every threshold, the lowest first.

    precision, recall : (n_thresholds + 1,); the last point, (1, 0), belongs to no threshold
    thresholds : (n_thresholds,) the distinct probabilities; a class is given from there on
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    thresholds: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Threshold:
    """The threshold with the best F1 of one class.

    value : None when no document has the class
    f1 : on the documents that it was picked on: flattered
    f1_elsewhere : picked on one half of the documents and measured on the other, both ways: what to expect;
        picked on half as many documents, so rather too low than too high
    optimism : by how much the first flatters
    """

    value: float | None
    f1: Measure
    f1_elsewhere: Measure
    optimism: float


def precision_recall_curve(
    probabilities: NDArray[np.floating], truth: NDArray[np.bool_]
) -> PrecisionRecallCurve:
    """The curve of one class.

    probabilities, truth : (n_documents,) of the class; at least one document
    Recall is 1 throughout where no document has the class, as in scikit-learn's `precision_recall_curve`,
    whose points these are.

    >>> curve = precision_recall_curve(np.array([.1, .4, .35, .8]), np.array([False, False, True, True]))
    >>> curve.precision.round(2).tolist(), curve.recall.tolist()
    ([0.5, 0.67, 0.5, 1.0, 1.0], [1.0, 1.0, 0.5, 0.5, 0.0])
    """
    tp, n_predicted, thresholds = _counts(probabilities, truth)
    n_true = int(truth.sum())
    recall = tp / n_true if n_true else np.ones(len(tp))
    return PrecisionRecallCurve(np.append(tp / n_predicted, 1.0), np.append(recall, 0.0), thresholds)


def average_precision(probabilities: NDArray[np.floating], truth: NDArray[np.bool_]) -> Measure:
    """The area under the steps of the curve, 0 to 1; undefined where no document has the class.

    Equal to scikit-learn's `average_precision_score`. The interval is symmetric on the scale of log odds,
    with the number of documents of the class; half a document keeps it open where all was found.

    Source: Boyd, Eng and Page (2013), "Area under the precision-recall curve: point estimates and confidence
    intervals".

    >>> precision = average_precision(np.array([.1, .4, .35, .8]), np.array([False, False, True, True]))
    >>> round(precision.value, 3)
    0.833
    """
    if not truth.any():
        return undefined(NO_SUPPORT)
    curve = precision_recall_curve(probabilities, truth)
    value, n_true = float(-(np.diff(curve.recall) * curve.precision[:-1]).sum()), int(truth.sum())
    inside = min(max(value, 0.5 / (n_true + 1)), 1 - 0.5 / (n_true + 1))
    middle = log(inside / (1 - inside))
    reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) / sqrt(n_true * inside * (1 - inside))
    low, high = (1 / (1 + exp(-end)) for end in (middle - reach, middle + reach))
    return Measure(value, interval=Interval(min(low, value), max(high, value)))


def best_threshold(probabilities: NDArray[np.floating], truth: NDArray[np.bool_], *, seed: int) -> Threshold:
    """Where F1 of one class is highest, and what it is worth elsewhere.

    probabilities, truth : (n_documents,) of the class
    seed : of the halves

    >>> threshold = best_threshold(np.array([.1, .4, .35, .8]), np.array([False, False, True, True]), seed=1)
    >>> threshold.value, round(threshold.f1.value, 2)
    (0.35, 0.8)
    """
    if not truth.any():
        unknown = undefined(NO_SUPPORT)
        return Threshold(None, unknown, unknown, 0.0)
    order, ends = ranking_cuts(probabilities)
    is_true = truth[order]
    half = _half(len(truth), seed)
    tp, n_predicted = is_true.cumsum()[ends], ends + 1
    tp_half, given_half = (is_true & half).cumsum()[ends], half.cumsum()[ends]
    index = best_cut(tp, n_predicted, int(tp[-1]))
    counts = np.zeros(3, dtype=np.int64)
    first, other = (tp_half, given_half), (tp - tp_half, n_predicted - given_half)
    for (tp_seen, given_seen), measured in ((first, other), (other, first)):
        picked = best_cut(tp_seen, given_seen, int(tp_seen[-1]))
        counts += _counts_at(picked, *measured)
    flattered = f1_of_counts(*_counts_at(index, tp, n_predicted).tolist())
    elsewhere = f1_of_counts(*counts.tolist())
    optimism = (flattered.value or 0.0) - (elsewhere.value or 0.0)
    return Threshold(float(probabilities[order[ends[index]]]), flattered, elsewhere, optimism)


def threshold_interval(
    probabilities: NDArray[np.floating], truth: NDArray[np.bool_], *, seed: int
) -> tuple[Interval | None, Interval | None]:
    """Where the best threshold and its F1 lie, when picked anew on each drawn test set.

    probabilities, truth : (n_documents,) of the class
    returns : of the threshold, and of the F1 where it was picked; None where nothing has the class

    >>> odds = np.array([.9] * 30 + [.2] * 70)
    >>> threshold_interval(odds, odds > .5, seed=1)[0]
    Interval(low=0.9, high=0.9)
    """
    if not truth.any():
        return None, None
    order, ends = ranking_cuts(probabilities)
    is_true = truth[order]
    tp, n_true = is_true.cumsum()[ends], int(truth.sum())
    index = best_cut(tp, ends + 1, n_true)
    measured = f1_of_counts(*_counts_at(index, tp, ends + 1).tolist())
    value = measured.value or 0.0
    # Giving the class to r documents has F1 of 2 n / (r + n) at most: further down no draw has its best one.
    reach = int(n_true * (2 / max(_LOWEST * value, 1e-3) - 1)) + 1
    ends = ends[ends < max(reach, ends[index] + 1)]
    kept = np.flatnonzero((np.arange(len(order)) <= ends[-1]) | is_true)
    flags, probabilities_at = is_true[kept].astype(np.float32), probabilities[order[ends]]
    columns: slice | NDArray[np.int64] = slice(len(ends)) if ends[-1] + 1 == len(ends) else ends  # no ties
    thresholds, best = [], []
    for weights in resampled_weights(np.ones(len(kept), np.int64), RESAMPLES, seed):
        sampled = weights[:, : ends[-1] + 1]
        true_positives = (sampled * flags[: ends[-1] + 1]).cumsum(axis=1)[:, columns]
        denominators = sampled.cumsum(axis=1)[:, columns] + (weights @ flags)[:, None]
        f1 = f1_scores(true_positives, denominators)
        indices = f1.argmax(axis=1)
        thresholds.append(probabilities_at[indices])
        best.append(f1[np.arange(len(f1)), indices].astype(np.float64))
    low, high = np.quantile(np.concatenate(thresholds), [0.025, 0.975])
    of_f1 = corrected_interval(value, np.concatenate(best))
    return Interval(float(low), float(high)), _widened(of_f1, measured.interval)


def _widened(sampled: Interval | None, counted: Interval | None) -> Interval | None:
    """What either holds: where all is found, every drawn test set says so, which makes it no surer."""
    if sampled is None or counted is None:
        return sampled
    return Interval(min(sampled.low, counted.low), max(sampled.high, counted.high))


def _counts(
    probabilities: NDArray[np.floating], truth: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """True positives and given at each distinct probability, the lowest first, and these."""
    if probabilities.shape != truth.shape or truth.ndim != 1:
        raise ValueError(
            f"probabilities {probabilities.shape} and truth {truth.shape} must be equal and flat"
        )
    order, ends = ranking_cuts(probabilities)
    tp = truth[order].cumsum()[ends]
    return tp[::-1], (ends + 1)[::-1], probabilities[order[ends]][::-1].astype(np.float64)


@lru_cache(4)
def _half(n_documents: int, seed: int) -> NDArray[np.bool_]:
    """One of two, drawn at random: the same documents for every class."""
    half: NDArray[np.bool_] = np.random.default_rng(seed).permutation(n_documents) < n_documents // 2
    half.setflags(write=False)
    return half


def _counts_at(index: int, tp: NDArray[np.int64], n_predicted: NDArray[np.int64]) -> NDArray[np.int64]:
    """True positives, false positives and false negatives of a threshold."""
    return np.array([tp[index], n_predicted[index] - tp[index], tp[-1] - tp[index]], dtype=np.int64)
