"""Decision thresholds: from which probability on a label is given, where a document can have several."""

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from labeling.learning.arrays.f1_scores import best_cut, ranking_cuts
from labeling.learning.arrays.types import AnyFloats, Flags, Floats

PRIOR_THRESHOLD = 0.3  # better than one half on GoEmotions at 300 to 3,000 labels


class DecisionThresholds(ClassifierMixin, BaseEstimator):
    """A threshold for each label, from the probabilities of documents that the model has not seen.

    >>> probabilities = np.array([[.9, .1], [.8, .3], [.2, .7]])
    >>> flags = np.array([[True, False], [True, False], [False, True]])
    >>> DecisionThresholds().fit(probabilities, flags).predict(probabilities).tolist()
    [[True, False], [True, False], [False, True]]
    """

    thresholds_: Floats

    def fit(self, X: AnyFloats, y: Flags) -> Self:
        """X : (n, n_classes) probabilities; y : (n, n_classes) which labels are right."""
        best = [decision_threshold(*pair) for pair in zip(X.T, y.T, strict=True)]
        self.classes_ = np.arange(y.shape[1])
        self.thresholds_ = np.array(best, dtype=np.float32)
        return self

    def predict(self, X: AnyFloats) -> Flags:
        """(n, n_classes) every label that reaches its threshold."""
        return np.asarray(self.thresholds_ <= X)


def decision_threshold(probabilities: AnyFloats, is_positive: Flags) -> float:
    """The threshold with the highest F1, drawn towards the prior one as if ten positives stood for that.

    It lies halfway between the lowest probability that it accepts and the next one below.

    >>> probabilities = np.array([.1] * 990 + [.6] * 990)
    >>> round(decision_threshold(probabilities, probabilities > .5), 2)
    0.35
    """
    n_positive = int(is_positive.sum())
    if n_positive == 0:
        return PRIOR_THRESHOLD
    order, ends = ranking_cuts(probabilities)
    levels = np.append(probabilities[order[ends]], 0.0)
    cut = best_cut(is_positive[order].cumsum()[ends], ends + 1, n_positive)
    best = (levels[cut] + levels[cut + 1]) / 2
    share = n_positive / (n_positive + 10)
    return float(share * best + (1 - share) * PRIOR_THRESHOLD)
