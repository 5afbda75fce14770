"""Class candidates: documents for one class, by the predicted class or by the probability of a rare one."""

import numpy as np

from labeling.learning.arrays.types import AnyFloats, AnyIntegers, Integers
from labeling.learning.query_strategies.pool_scores import PoolScores


def by_predicted_class(scores: PoolScores, order: Integers, n_classes: int) -> list[Integers]:
    """For each class the rows predicted to be of it, in the given order.

    order : (n,) all rows, best first
    """
    return _grouped(order, scores.classes[order, 0], n_classes)


def by_held_class(scores: PoolScores, order: Integers, n_classes: int) -> list[Integers]:
    """For each class the rows in which a span of it was found, in the given order; a row may be of several.

    order : (n,) all rows, best first
    """
    classes = scores.classes[order]
    numbers, columns = np.nonzero(classes >= 0)
    return _grouped(order[numbers], classes[numbers, columns], n_classes)


def _grouped(rows: Integers, classes: AnyIntegers, n_classes: int) -> list[Integers]:
    """The rows of each class, in the order they have."""
    grouped = rows[np.argsort(classes, kind="stable")]
    bounds = np.searchsorted(np.sort(classes), np.arange(n_classes + 1))
    return [grouped[bounds[c] : bounds[c + 1]] for c in range(n_classes)]


def likely_of_class(scores: PoolScores, label_class: int, limit: int) -> tuple[Integers, AnyFloats]:
    """Rows that hold a class among those that were kept of them, and its probability, the likeliest first."""
    is_named = scores.classes == label_class
    rows = np.flatnonzero(is_named.any(axis=1))
    probabilities = np.where(is_named[rows], scores.probabilities[rows], 0).max(axis=1)
    best = np.argsort(-probabilities, kind="stable")[:limit]
    best = best[probabilities[best] > 0]
    return rows[best], probabilities[best]
