"""How do scores become probabilities, and the other way round? In float32, in place where it pays."""

import numpy as np

from labeling.learning.arrays import Floats, Integers

FLOOR = -6.0  # log probability below which an expert is not believed: one in four hundred


def softmax(scores: Floats) -> Floats:
    """Rows that sum to 1. `scores` is overwritten.

    >>> softmax(np.array([[0., 0.], [0., 50.]], dtype=np.float32)).round(2).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    scores -= scores.max(axis=1, keepdims=True, initial=-np.inf)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def log_softmax(scores: Floats) -> Floats:
    """The logarithm of `softmax`, without its underflow. `scores` is overwritten.

    >>> log_softmax(np.array([[0., 1000.]], dtype=np.float32)).tolist()
    [[-1000.0, 0.0]]
    """
    scores -= scores.max(axis=1, keepdims=True, initial=-np.inf)
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return scores


def spread_out(log_probabilities: Floats, seen: Integers, n_classes: int) -> Floats:
    """From the classes a model knows to all classes; what it does not know, and what is tiny, is `FLOOR`.

    log_probabilities : (n, k) in the order of `seen`; returns : (n, n_classes) in [FLOOR, 0]
    """
    np.maximum(log_probabilities, FLOOR, out=log_probabilities)
    if len(seen) == n_classes:
        return log_probabilities
    spread = np.full((len(log_probabilities), n_classes), FLOOR, dtype=np.float32)
    spread[:, seen] = log_probabilities
    return spread
