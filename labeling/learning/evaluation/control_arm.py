"""Live control arm: what the queue has saved so far, by the labels that were drawn at random on the way.

Some of the queue's documents are drawn at random. Models that learn from these alone show how random sampling
would have gone, up to their number; beyond it the curve is extrapolated. Both arms are measured on the same
test documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf, isfinite
from typing import Any

import numpy as np

from labeling.learning.arrays.types import AnyArray, Doubles, Flags, Integers
from labeling.learning.evaluation.curve_extrapolation import (
    ENDS,
    GRID_STEEPS,
    MAX_POINTS,
    RECENT,
    CurvePrior,
    ceilings_above,
    curve_values,
    log_prior,
    profile,
)
from labeling.learning.evaluation.label_savings import (
    Estimate,
    QualityCurve,
    estimate_of,
    resampled_documents,
    resampled_quality,
)

MIN_RANDOM = 50  # labels drawn at random, below which it is too early to say anything
N_SHUFFLES = 12  # orders in which the random labels are learned from
N_DRAWS = 400
FIRST_SIZE, SIZE_RATIO = 10, 1.35  # labels of the first model of a curve, and from one to the next
MAX_SIZES = 16  # of a curve, the largest
AHEAD = 12  # places at which the extrapolated part is told
# Chosen such that the intervals held on curves of six public data sets (docs/benchmarks.md).
PRIOR = CurvePrior(steep=0.5, spread=0.6, hope=2.0, wobble=2.0)
MIN_ERROR = 0.005  # standard error of macro F1 that remains however many orders are averaged
QUEUE_ERROR = 0.01  # of one of the queue's models about the queue's curve


class SavingsVerdict(StrEnum):
    """On which side of zero the whole interval lies."""

    SAVED = "saved"
    COST = "cost"
    UNCLEAR = "unclear"  # on both


@dataclass(frozen=True)
class CurvePoint:
    """Macro F1 at a number of labels."""

    labels: int
    quality: Estimate


@dataclass(frozen=True)
class LiveSavings:
    """What both arms say.

    labels : that the queue has brought; random_labels : of these, drawn at random
    saved : labels that random sampling would need beyond `labels` for the same macro F1; `high` is infinite
        where that may be all of the pool, and negative numbers were lost
    gain : macro F1 of the queue less that of random sampling with as many labels
    queue, random : measured; extrapolated : of random sampling, from `random_labels` on
    """

    labels: int
    random_labels: int
    test_documents: int
    saved: Estimate
    gain: Estimate
    queue: list[CurvePoint]
    random: list[CurvePoint]
    extrapolated: list[CurvePoint]

    @property
    def verdict(self) -> SavingsVerdict:
        if self.saved.low > 0:
            return SavingsVerdict.SAVED
        return SavingsVerdict.COST if self.gain.high <= 0 else SavingsVerdict.UNCLEAR

    def to_json(self) -> dict[str, Any]:
        """As it is stored: an end that is infinite is null."""
        return {
            "labels": self.labels,
            "random_labels": self.random_labels,
            "test_documents": self.test_documents,
            "saved": _ends(self.saved),
            "gain": _ends(self.gain),
            **{
                name: [[point.labels, *_ends(point.quality)] for point in points]
                for name, points in (
                    ("queue", self.queue),
                    ("random", self.random),
                    ("extrapolated", self.extrapolated),
                )
            },
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> LiveSavings:
        queue, random, extrapolated = (
            [CurvePoint(labels, _estimate(ends)) for labels, *ends in stored[name]]
            for name in ("queue", "random", "extrapolated")
        )
        return cls(
            stored["labels"],
            stored["random_labels"],
            stored["test_documents"],
            _estimate(stored["saved"]),
            _estimate(stored["gain"]),
            queue,
            random,
            extrapolated,
        )


def sizes_to(count: int) -> list[int]:
    """Numbers of labels at which a curve is measured, each a third more than the one before; `count` last.

    >>> sizes_to(50)
    [11, 15, 20, 27, 37, 50]
    """
    sizes = [count]
    while len(sizes) < MAX_SIZES and round(sizes[0] / SIZE_RATIO) >= FIRST_SIZE:
        sizes.insert(0, round(sizes[0] / SIZE_RATIO))
    return sizes


def shuffled(labeled: Integers, is_random: Flags, number: int) -> Integers:
    """The labels of one curve, in the order in which they are learned from.

    labeled : (n,) rows in the order in which the queue brought them; is_random : (n,) drawn at random
    number : 0 for the queue's own curve, else that of an order of the random ones
    """
    if not number:
        return labeled
    return np.random.default_rng(number).permutation(labeled[is_random])


def live_savings(
    queue: QualityCurve,
    random: list[QualityCurve],
    truth: AnyArray,
    n_classes: int,
    *,
    pool_size: int,
    seed: int,
) -> LiveSavings:
    """Hold the queue's curve against that of its random labels.

    queue : to its last label; random : in several orders, all of the same sizes, the last one all of them
    truth : (n_test,) class numbers, or (n_test, n_classes) bool
    pool_size : documents that could be labeled: nobody needs more

    Uncertain are the test documents, drawn again for both arms together; which documents chance drew, a part
    of the variance between orders that all sizes share, as means over subsets of one sample do; and where the
    random curve goes: a curve for each draw, weighed by the random labels and, for its shape, by the queue's.

    Source: Hoeffding (1948) for means over subsets; Efron (1979) for the bootstrap.
    """
    rng = np.random.default_rng(seed)
    of_queue, *of_orders = _resampled([queue, *random], truth, n_classes, rng)
    start = int(np.searchsorted(queue.labels, random[0].labels[-1] / 2))
    reached, orders = of_queue[:, -1], np.stack(of_orders)
    sizes = random[0].labels.astype(np.float64)
    at_random, errors = _sampled(orders, sizes, rng)
    at_random = np.minimum(at_random, _highest(truth))
    curves = _curves(sizes, at_random, errors, queue.labels[start:], of_queue[:, start:], rng)
    labels = int(queue.labels[-1])
    saved = _spread(np.minimum(_labels_to(reached, curves), pool_size) - labels)
    until = min(max(2 * labels, labels + saved.value), 4 * labels, pool_size)
    ahead = np.geomspace(sizes[-1], max(until, sizes[-1]), AHEAD).round()
    expected = [CurvePoint(int(count), _spread(_at(count, curves))) for count in ahead.tolist()]
    return LiveSavings(
        labels,
        int(sizes[-1]),
        len(truth),
        Estimate(saved.value, saved.low, saved.high if saved.high < pool_size - labels else inf),
        _spread(reached - _at(labels, curves)),
        _points(queue.labels, of_queue),
        _points(random[0].labels, at_random),
        expected,
    )


def _resampled(
    curves: list[QualityCurve], truth: AnyArray, n_classes: int, rng: np.random.Generator
) -> list[Doubles]:
    """(n_draws + 1, n_sizes) of each curve, by the same draws of the test documents."""
    weights = resampled_documents(len(truth), N_DRAWS, rng)
    return [
        np.clip(resampled_quality(curve.decided, truth, n_classes, weights), 0.001, _highest(truth))
        for curve in curves
    ]


def _highest(truth: AnyArray) -> float:
    """All right on so many documents is no proof of never wrong."""
    return 1 - 0.5 / len(truth)


def _sampled(orders: Doubles, sizes: Doubles, rng: np.random.Generator) -> tuple[Doubles, Doubles]:
    """Means over the orders as other random labels could have brought them, and their standard errors.

    orders : (n_orders, n_draws + 1, n_sizes)
    returns : (n_draws + 1, n_sizes), what was measured first; (n_sizes,)
    """
    n_orders, n_draws, _ = orders.shape
    part = sizes / sizes[-1]
    # Orders share documents the more, the larger the part: what they vary less by then, is put back.
    is_apart = part <= 0.5
    variance = orders[:, 0].var(axis=0, ddof=1) / np.maximum(1 - part, 1e-9)
    last = int(np.flatnonzero(is_apart)[-1])
    variance = np.where(is_apart, variance, variance[last] * np.sqrt(sizes[last] / sizes))
    shared, own = rng.standard_normal((n_draws, 1)), rng.standard_normal((n_draws, len(sizes)))
    shared[0] = own[0] = 0.0
    luck = np.sqrt(part * variance) * shared + np.sqrt((1 - part) / n_orders * variance) * own
    means = np.clip(orders.mean(axis=0) + luck, 0.001, 0.999)
    return means, np.sqrt(variance / n_orders + MIN_ERROR**2)


@dataclass(frozen=True)
class _Curves:
    """One curve for each draw: (n_draws + 1,) each."""

    ceilings: Doubles
    steeps: Doubles
    middles: Doubles


def _curves(
    sizes: Doubles,
    at_random: Doubles,
    errors: Doubles,
    queue_sizes: Integers,
    of_queue: Doubles,
    rng: np.random.Generator,
) -> _Curves:
    """A curve of random sampling for each draw, from those that fit.

    No ceiling is below what the queue has reached: with all labels, both arms are the same.
    """
    weights = errors**-2.0 * (sizes / sizes[-1]) ** RECENT
    best = np.average(at_random[:, -3:], axis=1, weights=weights[-3:])
    ceilings = ceilings_above(np.minimum(np.maximum(best, of_queue[:, -1]), 0.999))
    fitted = profile(np.log(sizes), at_random, weights, ceilings)
    few = np.unique(np.linspace(0, len(queue_sizes) - 1, MAX_POINTS).round().astype(np.int64))
    shape = profile(
        np.log(queue_sizes[few]),
        of_queue[:, few],
        np.full(len(few), QUEUE_ERROR**-2.0),
        ceilings,
    )
    log_weights = log_prior(PRIOR) + fitted.log_likelihood(PRIOR) + shape.log_likelihood(PRIOR)
    chances = np.exp(log_weights - log_weights.max(axis=1, keepdims=True)).cumsum(axis=1)
    target = rng.random((len(chances), 1)) * chances[:, -1:]
    picked = np.minimum((chances < target).sum(axis=1), len(GRID_STEEPS) - 1)
    rows, luck = np.arange(len(picked)), rng.standard_normal(len(picked))
    middles = fitted.middles[rows, picked] + fitted.spread(PRIOR)[rows, picked] * luck
    return _Curves(ceilings[rows, picked], GRID_STEEPS[picked], middles)


def _at(labels: float, curves: _Curves) -> Doubles:
    return curve_values(float(np.log(labels)), curves.ceilings, curves.steeps, curves.middles)


def _labels_to(targets: Doubles, curves: _Curves) -> Doubles:
    share = np.clip(targets / curves.ceilings, 1e-9, 1 - 1e-9)
    labels: Doubles = np.exp(np.minimum(curves.middles + np.log(share / (1 - share)) / curves.steeps, 50))
    return labels


def _points(labels: Integers, quality: Doubles) -> list[CurvePoint]:
    return [
        CurvePoint(int(count), estimate_of(column)) for count, column in zip(labels, quality.T, strict=True)
    ]


def _spread(draws: Doubles) -> Estimate:
    """Of what is not measured but drawn: the middle, and the interval."""
    low, middle, high = np.quantile(draws, [ENDS[0], 0.5, ENDS[1]], method="nearest").tolist()
    return Estimate(middle, low, high)


def _ends(estimate: Estimate) -> list[float | None]:
    return [round(end, 5) if isfinite(end) else None for end in (estimate.value, estimate.low, estimate.high)]


def _estimate(ends: list[float | None]) -> Estimate:
    value, low, high = ends
    return Estimate(value or 0.0, low or 0.0, inf if high is None else high)
