"""F1 from counts, and the cut of a ranking that has the highest: the one core of every F1 and threshold."""

import numpy as np

from labeling.learning.arrays.types import AnyArray, AnyFloats, Integers


def f1_scores(hits: AnyArray, total: AnyArray) -> AnyArray:
    """F1 of any shape of counts; 0 where nothing was predicted and nothing is true.

    hits : what is both predicted and true; total : what is predicted plus what is true

    >>> f1_scores(np.array([1, 0]), np.array([4, 0])).tolist()
    [0.5, 0.0]
    """
    scores: AnyArray = 2 * hits / np.maximum(total, 1)
    return scores


def ranking_cuts(probabilities: AnyFloats) -> tuple[Integers, Integers]:
    """Where a ranking can be cut: never within a run of equal probabilities.

    returns : (n,) rows from the highest probability to the lowest; (n_cuts,) in it, the end of each run

    >>> [part.tolist() for part in ranking_cuts(np.array([.2, .9, .9]))]
    [[1, 2, 0], [1, 2]]
    """
    order: Integers = np.argsort(-probabilities)  # within a run of equal ones any order does
    ranked = probabilities[order]
    return order, np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))


def best_cut(hits: AnyArray, predicted: AnyArray, n_true: int) -> int:
    """The index of the cut with the highest F1; of equal ones the first, which predicts least.

    hits, predicted : (n_cuts,) how many true ones and how many in all lie above each cut

    >>> best_cut(np.array([1, 1, 2]), np.array([1, 2, 3]), n_true=2)
    2
    """
    return int(f1_scores(hits, predicted + n_true).argmax()) if n_true else 0
