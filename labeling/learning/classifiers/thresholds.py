"""Decision thresholds: from which probability on a label is given, where a document can have several."""

import numpy as np

from labeling.learning.arrays.types import AnyFloats, Doubles, Flags

PRIOR_THRESHOLD = 0.3  # better than one half on GoEmotions at 300 to 3,000 labels


def best_threshold(probabilities: AnyFloats, is_positive: Flags) -> float:
    """The threshold with the highest F1, drawn towards the prior one as if ten positives stood for that.

    >>> probabilities = np.array([.1] * 990 + [.6] * 990)
    >>> round(best_threshold(probabilities, probabilities > .5), 2)
    0.35
    """
    n_positive = int(is_positive.sum())
    if n_positive == 0:
        return PRIOR_THRESHOLD
    order = np.argsort(-probabilities, kind="stable")
    ranked: Doubles = probabilities[order].astype(np.float64)
    hits = np.cumsum(is_positive[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + n_positive)
    index = int(np.argmax(f1))
    below = ranked[index + 1] if index + 1 < len(ranked) else 0.0
    best = (ranked[index] + below) / 2
    share = n_positive / (n_positive + 10)
    return float(share * best + (1 - share) * PRIOR_THRESHOLD)
