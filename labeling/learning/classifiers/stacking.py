"""Stacking: how far each expert is to be believed. Log-weights, learned on answers that it has not seen.

Adding weighted log probabilities is what a product of experts does: one that is often wrong gets a small
weight, one that is too sure of itself too, so the sum is calibrated without a further step.
"""

from collections.abc import Iterator
from typing import Self

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from sklearn.base import BaseEstimator, ClassifierMixin

from labeling.learning.arrays.types import AnyArray, Doubles, Flags, Floats, Integers

MIN_LABELS = 12  # below it the usual weights are better than any learned ones
FOLDS = 4
FOLDED_LABELS = 2_000  # fitted labels of all folds together, about: the weights settle long before
MAX_HELD_OUT_DOCUMENTS = 500  # documents of one fold: more would only cost
DOUBT = 5.0  # how strongly the weights are drawn to the usual ones
WIDTH = 0.3  # by which a weight may differ from the usual one at little cost
MAX_WEIGHT = 4.0


def folds(labels: Integers, seed: int) -> Iterator[tuple[Integers, Integers]]:
    """Train and held-out row numbers, every class spread evenly; fewer folds where there are many labels.

    labels : (n,) class numbers

    >>> [(len(train), len(held)) for train, held in folds(np.array([0, 1] * 8), seed=0)]
    [(12, 4), (12, 4), (12, 4), (12, 4)]
    """
    rng = np.random.default_rng(seed)
    part = np.zeros(len(labels), dtype=np.int64)
    for label_class in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label_class))
        part[members] = (np.arange(len(members)) + label_class) % FOLDS
    for number in range(min(FOLDS, max(1, FOLDED_LABELS // len(labels)))):
        held = np.flatnonzero(part == number)
        if len(held) > MAX_HELD_OUT_DOCUMENTS:
            held = np.sort(rng.choice(held, MAX_HELD_OUT_DOCUMENTS, replace=False))
        yield np.setdiff1d(np.arange(len(labels)), held), held


class LogLinearPool(ClassifierMixin, BaseEstimator):
    """Weights of the experts' log probabilities, learned and calibrated on answers that none has seen.

    usual : (n_experts,) the weights that experience suggests, to which the learned ones are drawn

    Source: Hinton (1999), products of experts; the shrinkage is what keeps a few dozen labels from doing harm
    (switching experts off by their log-loss did not).

    >>> right, wrong = np.log([[.9, .1], [.1, .9]]), np.log([[.1, .9], [.9, .1]])
    >>> scores = np.stack([right, wrong]).repeat(20, 1)
    >>> pool = LogLinearPool(np.array([1., 1.])).fit(scores, np.array([0, 1]).repeat(20))
    >>> bool(pool.weights_[0] > pool.weights_[1]), pool.predict(scores[:, ::20]).tolist()
    (True, [0, 1])
    """

    def __init__(self, usual: Doubles) -> None:
        self.usual = usual

    def fit(self, X: Floats, y: AnyArray) -> Self:
        """Learn `weights_`, each at least 0, and, of several labels, `offset_`, added to every log-odds.

        X : (n_experts, n, n_classes) log probabilities, or log-odds of several labels, of unseen documents
        y : (n,) class numbers, or (n, n_classes) bool
        """
        self.classes_ = np.arange(X.shape[2])
        self.is_multilabel_ = y.ndim == 2
        if self.is_multilabel_:
            self.weights_, self.offset_ = _label_weights(X, y, self.usual)
        else:
            self.weights_, self.offset_ = _class_weights(X, y, self.usual), 0.0
        return self

    def decision_function(self, X: Floats) -> Doubles:
        """(n, n_classes) what the experts say together, before it is a probability."""
        total: Doubles = np.tensordot(self.weights_, X, 1) + self.offset_
        return total

    def predict(self, X: Floats) -> AnyArray:
        """(n,) class numbers; of several labels (n, n_classes) whether each is more probable than not."""
        total = self.decision_function(X)
        return np.asarray(total > 0) if self.is_multilabel_ else np.asarray(total.argmax(axis=1))


def _class_weights(scores: Floats, labels: Integers, usual: Doubles) -> Doubles:
    """Every class counts the same between the experts, every document in how sure they are together."""
    counts = np.bincount(labels, minlength=scores.shape[2])
    worth = (len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[labels]
    rows = np.arange(len(labels))
    targets = np.eye(scores.shape[2])[labels]
    by_expert = scores.astype(np.float64)

    def objective(weights: Doubles) -> tuple[float, Doubles]:
        summed = np.tensordot(weights, by_expert, 1)
        summed -= summed.max(axis=1, keepdims=True)
        exponentials = np.exp(summed)
        totals = exponentials.sum(axis=1, keepdims=True)
        loss = -(worth * (summed[rows, labels] - np.log(totals[:, 0]))).sum()
        slope = worth[:, None] * (exponentials / totals - targets)
        away = (weights - usual) / WIDTH
        gradient = np.tensordot(by_expert, slope, 2) + 2 * DOUBT * away / WIDTH
        return float(loss + DOUBT * (away**2).sum()), gradient

    bounds = [(0.0, MAX_WEIGHT)] * len(usual)
    fitted: Doubles = minimize(objective, usual, jac=True, method="L-BFGS-B", bounds=bounds).x
    return fitted * _scale(np.tensordot(fitted, by_expert, 1), labels)


def _scale(summed: Doubles, labels: Integers) -> float:
    """By what the sum has to be multiplied to be as sure as it is right, every document counting alike.

    summed : (n, n_classes); returns : within [1/2, 2], near 1 where few labels say otherwise

    Source: Guo et al. (2017), temperature scaling.
    """

    def objective(logarithm: float) -> float:
        scaled = summed * np.exp(logarithm)
        scaled -= scaled.max(axis=1, keepdims=True)
        losses = np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(labels)), labels]
        return float(losses.sum() + (logarithm / WIDTH) ** 2)

    return float(np.exp(minimize_scalar(objective, bounds=(-0.7, 0.7), method="bounded").x))


def _label_weights(scores: Floats, labels: Flags, usual: Doubles) -> tuple[Doubles, float]:
    """The same for several labels per document, all classes together, with an offset of every log-odds."""
    targets, by_expert = labels.astype(np.float64), scores.astype(np.float64)

    def objective(point: Doubles) -> tuple[float, Doubles]:
        summed = np.tensordot(point[:-1], by_expert, 1) + point[-1]
        loss = (np.logaddexp(0, summed) - targets * summed).sum()
        slope = 0.5 * (1 + np.tanh(0.5 * summed)) - targets
        away = (point[:-1] - usual) / WIDTH
        gradient = np.tensordot(by_expert, slope, 2) + 2 * DOUBT * away / WIDTH
        return float(loss + DOUBT * (away**2).sum()), np.append(gradient, slope.sum())

    bounds = [(0.0, MAX_WEIGHT)] * len(usual) + [(-3.0, 3.0)]
    result = minimize(objective, np.append(usual, 0.0), jac=True, method="L-BFGS-B", bounds=bounds).x
    return result[:-1], float(result[-1])
