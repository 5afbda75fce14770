"""Array types: the kinds of array that travel between the modules of this package.

One name for each, so that a signature says what it holds. Sparse rows are SciPy `csr_array`s.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]
Hashes = NDArray[np.uint32]
Flags = NDArray[np.bool_]
AnyFloats = NDArray[np.floating[Any]]
AnyIntegers = NDArray[np.integer[Any]]
AnyArray = NDArray[Any]


FLOOR = -6.0  # below the best class: an expert that says less than one to four hundred is not believed


def softmax(scores: Floats) -> Floats:
    """Rows that sum to 1. `scores` is overwritten.

    >>> softmax(np.array([[0., 0.], [0., 50.]], dtype=np.float32)).round(2).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    scores -= scores.max(axis=1, keepdims=True, initial=-np.inf)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def below_best(scores: Floats) -> Floats:
    """How far each class lies below the best of its row. `scores` is overwritten.

    Log probabilities but for a constant of each row, which nothing that compares classes can tell.

    >>> below_best(np.array([[1., 1001.]], dtype=np.float32)).tolist()
    [[-1000.0, 0.0]]
    """
    scores -= scores.max(axis=1, keepdims=True, initial=-np.inf)
    return scores


def spread_out(scores: Floats, seen: Integers, n_classes: int) -> Floats:
    """From the classes a model knows to all classes; what it does not know, and what is tiny, is `FLOOR`.

    scores : (n, k) in the order of `seen`; returns : (n, n_classes), FLOOR at least
    """
    np.maximum(scores, FLOOR, out=scores)
    if len(seen) == n_classes:
        return scores
    spread = np.full((len(scores), n_classes), FLOOR, dtype=np.float32)
    spread[:, seen] = scores
    return spread
