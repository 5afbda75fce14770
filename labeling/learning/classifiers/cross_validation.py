"""Cross-validation of a committee: how good it is on labels that its experts had not seen.

The folds are there anyway, to weigh the experts, so this costs no training. Two things make the counts a
little too good: the few weights (and for several labels the thresholds) are learned on the same answers. And
the labels of the pool were chosen by the queue, not drawn at random, so the counts may be far off in either
direction: they stand in while a test set is small, and never beside it as equals.
"""

import numpy as np

from labeling.learning.arrays.types import Flags, Integers

SMALL_TEST_SET = 100  # labeled documents; below it cross-validation says more, and a perfect score little


def cross_validated_counts(decided: Flags, labels: Flags) -> Integers:
    """Right, wrongly given and missed labels of each class.

    decided, labels : (n, n_classes) of documents that the experts did not learn from
    returns : (3, n_classes): true positives, false positives, false negatives

    >>> cross_validated_counts(np.array([[1, 0], [1, 0]], bool), np.array([[1, 0], [0, 1]], bool)).tolist()
    [[1, 0], [1, 0], [0, 1]]
    """
    tables = (decided & labels, decided & ~labels, ~decided & labels)
    return np.stack([table.sum(axis=0) for table in tables])


def one_hot(indices: Integers, n_classes: int) -> Flags:
    """Class numbers as flags: (n,) to (n, n_classes).

    >>> one_hot(np.array([1, 0]), 2).tolist()
    [[False, True], [True, False]]
    """
    flags: Flags = indices[:, None] == np.arange(n_classes)
    return flags
