"""Queue allocation: how much of the queue each class needs. Counts of the test set in, shares out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.intervals import f1_of_counts

MAX_CLASS_SHARE = 0.2  # of the head, for one class
MAX_TOTAL_SHARE = 0.45  # of the head, for all: what the engine's own quota has beside a random tenth
DIGITS = 4  # of a share


def lower_bounds(
    true_positives: NDArray[np.integer],
    false_positives: NDArray[np.integer],
    false_negatives: NDArray[np.integer],
) -> NDArray[np.float64]:
    """The F1 that each class has at least, with 97.5% confidence; 0 where no test document has the class.

    true_positives, false_positives, false_negatives : (n_classes,) counts
    returns : (n_classes,) in [0, 1]

    >>> lower_bounds(np.array([9, 90, 0]), np.array([1, 10, 2]), np.array([1, 10, 0])).round(2)
    array([0.68, 0.85, 0.  ])
    """
    table = zip(true_positives.tolist(), false_positives.tolist(), false_negatives.tolist(), strict=True)
    measures = [f1_of_counts(tp, fp, fn) for tp, fp, fn in table]
    return np.array([m.interval.low if m.interval else 0.0 for m in measures])


def needs(
    true_positives: NDArray[np.integer],
    false_positives: NDArray[np.integer],
    false_negatives: NDArray[np.integer],
    labels: NDArray[np.integer],
    target: float,
    is_ambiguous: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """The share of the head that each class should get.

    true_positives, false_positives, false_negatives : (n_classes,) counts of the test set
    labels : (n_classes,) that teach the model
    target : F1 that every class shall reach, in (0, 1]
    is_ambiguous : (n_classes,) where people disagree on the class: more labels help it less
    returns : (n_classes,) in [0, MAX_CLASS_SHARE], together at most MAX_TOTAL_SHARE

    With the distance d = max(0, target - low) / target, where low is the lower end of the F1's interval, and
    the class's share e of all errors, a class weighs d (1 + e) / sqrt(labels + 1), and half of that where it
    is ambiguous. Shares are in proportion to the weights. All together get MAX_TOTAL_SHARE times the largest
    distance, so that the steering fades as the last class comes close. No class gets more than
    MAX_CLASS_SHARE, an ambiguous one than half of it; what that cuts off goes to the others. A class whose F1
    surely reaches the target gets nothing. Few test documents make a low lower end: what is not known to be
    good is in need.

    >>> needs(np.array([90, 9, 2]), np.array([2, 3, 1]), np.array([2, 3, 8]), np.array([100, 50, 8]), 0.8)
    array([0. , 0.2, 0.2])
    """
    low = lower_bounds(true_positives, false_positives, false_negatives)
    distance = np.maximum(0.0, target - low) / target
    limits = np.full(len(low), MAX_CLASS_SHARE)
    if is_ambiguous is not None:
        distance, limits = (np.where(is_ambiguous, part / 2, part) for part in (distance, limits))
    errors = false_positives + false_negatives
    weights = distance * (1 + errors / max(int(errors.sum()), 1)) / np.sqrt(labels + 1.0)
    shares = capped(weights, limits, MAX_TOTAL_SHARE * float(distance.max(initial=0.0)))
    rounded: NDArray[np.float64] = np.floor(shares * 10**DIGITS + 1e-6) / 10**DIGITS  # down: below every cap
    return rounded


def capped(weights: NDArray[np.float64], limits: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Share out a total in proportion to weights; what a class may not have goes to the others.

    weights, limits : (n,) not negative; total : what there is
    returns : (n,) each at most its `limits`; they sum to `total`, or to less where all that weigh are full

    >>> capped(np.array([8., 1., 1., 0.]), np.array([.3, .3, .3, .3]), .5)
    array([0.3, 0.1, 0.1, 0. ])
    """
    shares = np.zeros(len(weights))
    is_open = weights > 0
    while is_open.any() and (left := total - shares.sum()) > 1e-12:
        offered = shares + np.where(is_open, weights, 0.0) / weights[is_open].sum() * left
        shares = np.minimum(offered, limits)
        is_open &= offered < limits
    return shares
