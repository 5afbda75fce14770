"""Confused pairs: classes predicted as each other, by model or annotators. The same for all projects.

Everything is counted over units that two sides have judged: documents, or places in a text (a start and an
end) where spans are marked. A side may give a unit one class, several, or none. So one class a document,
several labels and spans share their arithmetic: where each unit has exactly one class on both sides, `swaps`
is the ordinary confusion matrix without its diagonal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.intervals import proportion
from analytics.metrics.measures import Measure, gettext_noop, ratio

NOTHING_ELSE = gettext_noop("With two classes there is no other class to confuse it with.")
NOT_NAMED = gettext_noop("Neither class occurs.")

MIN_CLEAR_CONFUSIONS = 3  # mix-ups one way, below which a pair may be chance
CLEAR_SHARE = 0.05  # of a class: where more are surely predicted as another, something is to be done


@dataclass(frozen=True, slots=True)
class Confusion:
    """What two sides say of the same units; (n_classes,) or (n_classes, n_classes) each.

    matrix : units whose truth has the row's class; on the diagonal both have it, elsewhere the truth has the
        row's class alone and the prediction the column's class alone
    missed, extra : units where only the truth, only the prediction has the class
    missed_alone, extra_alone : those of them where nothing else was given, or was there, in its place
    true, predicted : units that have the class on each side
    n_units : all units
    """

    matrix: NDArray[np.int64]
    missed: NDArray[np.int64]
    extra: NDArray[np.int64]
    missed_alone: NDArray[np.int64]
    extra_alone: NDArray[np.int64]
    true: NDArray[np.int64]
    predicted: NDArray[np.int64]
    n_units: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two classes, and how often one is predicted as the other.

    first, second : places of the classes, first < second
    forward, backward : units of the first predicted as the second, and the other way around
    of_first, of_second : units whose truth has the class
    either : units that have one of the two on either side
    share : of those, the part that was confused
    expected : mix-ups if mistakes fell on the other classes as often as these are predicted
    lift : mix-ups by expected ones; 1 as by chance
    """

    first: int
    second: int
    forward: int
    backward: int
    of_first: int
    of_second: int
    either: int
    share: Measure
    expected: float
    lift: Measure

    @property
    def count(self) -> int:
        return self.forward + self.backward

    @property
    def is_clear(self) -> bool:
        """Whether it is more than noise: surely many of one class, and no fewer than by chance."""
        if self.lift.value is not None and self.lift.value < 1:
            return False
        ways = ((self.forward, self.of_first), (self.backward, self.of_second))
        return any(
            taken >= MIN_CLEAR_CONFUSIONS and share.interval is not None and share.interval.low >= CLEAR_SHARE
            for taken, of in ways
            for share in (proportion(taken, of, NOT_NAMED),)
        )


def confusion(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Confusion:
    """Count what was correct, predicted as something else, missed and added.

    truth, predicted : (n_units, n_classes)
    Raises ValueError when shapes differ.

    >>> truth = np.array([[1, 0, 0], [1, 0, 1], [0, 1, 0]], bool)
    >>> counted = confusion(truth, np.array([[1, 0, 0], [0, 1, 1], [0, 0, 0]], bool))
    >>> counted.matrix
    array([[1, 1, 0], [0, 0, 0], [0, 0, 1]])
    >>> counted.missed, counted.missed_alone
    (array([1, 1, 0]), array([0, 1, 0]))
    """
    lost, added = _mistakes(truth, predicted)
    missed, extra, true = lost.sum(axis=0), added.sum(axis=0), truth.sum(axis=0)
    right = true - missed
    return Confusion(
        matrix=_both(lost, added) + np.diag(right),
        missed=missed,
        extra=extra,
        missed_alone=lost[~added.any(axis=1)].sum(axis=0),
        extra_alone=added[~lost.any(axis=1)].sum(axis=0),
        true=true,
        predicted=right + extra,
        n_units=len(truth),
    )


def swaps(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Units that lack the row's class and wrongly have the column's: (n_classes, n_classes), diagonal 0.

    truth, predicted : (n_units, n_classes)

    >>> swaps(np.array([[1, 0], [0, 1]], bool), np.array([[0, 1], [0, 1]], bool))
    array([[0, 1], [0, 0]])
    """
    return _both(*_mistakes(truth, predicted))


def swapped(
    truth: NDArray[np.bool_], predicted: NDArray[np.bool_], true: int, predicted_class: int
) -> NDArray[np.bool_]:
    """Which units lack the class `true` and wrongly have `predicted_class`: (n_units,).

    >>> swapped(np.array([[1, 0], [0, 1]], bool), np.array([[0, 1], [0, 1]], bool), 0, 1)
    array([ True, False])
    """
    lost = truth[:, true] & ~predicted[:, true]
    is_swapped: NDArray[np.bool_] = lost & predicted[:, predicted_class] & ~truth[:, predicted_class]
    return is_swapped


def together(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Units that have both the row's class and the column's; on the diagonal all that have the class.

    flags : (n_units, n_classes)

    >>> together(np.array([[1, 1], [0, 1]], bool))
    array([[1, 1], [1, 2]])
    """
    return _both(flags, flags)


def expected_swaps(matrix: NDArray[np.int64], predicted: NDArray[np.int64]) -> NDArray[np.float64]:
    """The same mistakes of each row, spread over the other classes as often as these are predicted.

    matrix : (n_classes, n_classes); its diagonal is not looked at
    predicted : (n_classes,) units that were given each class
    returns : (n_classes, n_classes), diagonal 0; rows sum to the row's mistakes

    >>> expected_swaps(np.array([[8, 3, 0], [0, 5, 0], [0, 0, 5]]), np.array([8, 10, 5])).round(1)
    array([[0., 2., 1.], [0., 0., 0.], [0., 0., 0.]])
    """
    mistakes = matrix.sum(axis=1) - np.diagonal(matrix)
    weights = np.repeat(predicted[None].astype(np.float64), len(predicted), axis=0)
    np.fill_diagonal(weights, 0.0)
    whole = weights.sum(axis=1, keepdims=True)
    shares = np.divide(weights, whole, out=np.zeros_like(weights), where=whole > 0)
    expected: NDArray[np.float64] = shares * mistakes[:, None]
    return expected


def pairs(
    truth: NDArray[np.bool_],
    predicted: NDArray[np.bool_],
    minimum: int = 1,
    limit: int | None = None,
    counts: Confusion | None = None,
) -> list[Pair]:
    """Classes that are predicted as each other in at least `minimum` units, the most frequent first.

    truth, predicted : (n_units, n_classes)
    limit : pairs that are wanted
    counts : of the same units, where somebody has counted already

    >>> truth = np.eye(3, dtype=bool)[[0, 0, 0, 1, 1, 2]]
    >>> (pair,) = pairs(truth, np.eye(3, dtype=bool)[[0, 1, 1, 1, 0, 2]])
    >>> pair.first, pair.second, pair.forward, pair.backward, pair.either, round(pair.expected, 2)
    (0, 1, 2, 1, 5, 2.17)
    """
    counts = counts or confusion(truth, predicted)
    expected = expected_swaps(counts.matrix, counts.predicted)
    either = in_either(truth | predicted)
    expected = expected + expected.T
    both_ways = counts.matrix + counts.matrix.T
    first, second = np.nonzero(np.triu(both_ways, 1) >= max(minimum, 1))
    order = np.lexsort((either[first, second], -both_ways[first, second]))[:limit]
    return [
        _pair(
            first_class, other, counts, int(either[first_class, other]), float(expected[first_class, other])
        )
        for first_class, other in zip(first[order].tolist(), second[order].tolist(), strict=True)
    ]


def in_either(named: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Units that have the row's class or the column's: (n_classes, n_classes).

    named : (n_units, n_classes)

    >>> in_either(np.array([[1, 1], [0, 1]], bool))
    array([[1, 2], [2, 2]])
    """
    both, each = together(named), named.sum(axis=0)
    counts: NDArray[np.int64] = each[:, None] + each[None] - both
    return counts


def _mistakes(
    truth: NDArray[np.bool_], predicted: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What was missed and what was added, of the units in which the sides differ."""
    if truth.shape != predicted.shape or truth.ndim != 2:
        raise ValueError(f"truth {truth.shape} and predicted {predicted.shape} must be equal tables")
    differs = np.flatnonzero((truth != predicted).any(axis=1))
    truth, predicted = truth[differs], predicted[differs]
    return truth & ~predicted, predicted & ~truth


def _both(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Units that have the row's class in the first and the column's in the second table.

    Single precision counts to 16 million without a mistake.
    """
    counts: NDArray[np.int64] = (first.astype(np.float32).T @ second.astype(np.float32)).astype(np.int64)
    return counts


def _pair(first: int, second: int, counts: Confusion, either: int, expected: float) -> Pair:
    forward, backward = int(counts.matrix[first, second]), int(counts.matrix[second, first])
    return Pair(
        first,
        second,
        forward,
        backward,
        int(counts.true[first]),
        int(counts.true[second]),
        either,
        proportion(forward + backward, either, NOT_NAMED),
        expected,
        ratio(forward + backward, expected if len(counts.matrix) > 2 else 0, NOTHING_ELSE),
    )
