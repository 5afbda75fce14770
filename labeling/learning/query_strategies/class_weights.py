"""Class weights: how weak each class is, and how much of the queue it needs, from plain pairs of labels.

The pairs are prequential: the prediction was stored before the label was given, so no cross-validation is
needed and nothing was trained on its own test.
"""

import numpy as np

from labeling.learning.arrays.types import AnyFloats, AnyIntegers, Doubles, Flags, Integers

WINDOW = 300  # latest pairs that count: the model of long ago says little of that of today
MIN_PAIRS = 5  # comparisons of annotators from which their agreement on a class is spoken of
AMBIGUOUS_THRESHOLD = 0.6  # agreement under which a class is unclear rather than short of labels


def prequential_f1(predicted: AnyIntegers, true_labels: AnyIntegers, n_classes: int) -> Doubles:
    """F1 of each class over the latest `WINDOW` pairs, drawn towards one half where pairs are few.

    predicted, true_labels : (n,) class numbers, oldest first; -1 for none
    returns : (n_classes,) in (0, 1); one half for a class that was neither predicted nor given

    >>> prequential_f1(np.array([0, 0, 1]), np.array([0, 1, 1]), 3).round(2)
    array([0.6, 0.6, 0.5])
    """
    flags = np.arange(n_classes)
    return prequential_label_f1(predicted[-WINDOW:, None] == flags, true_labels[-WINDOW:, None] == flags)


def prequential_label_f1(predicted: Flags, true_flags: Flags) -> Doubles:
    """The same for several labels per document: (n, n_classes) bool each, oldest first."""
    predicted, true_flags = predicted[-WINDOW:], true_flags[-WINDOW:]
    hits = (predicted & true_flags).sum(axis=0)
    f1: Doubles = (2 * hits + 1) / (predicted.sum(axis=0) + true_flags.sum(axis=0) + 2)
    return f1


def weak_class_weights(f1: AnyFloats, counts: AnyIntegers, is_ambiguous: Flags | None = None) -> Doubles:
    """How much of the weak-class share each class should get: poor quality and few labels weigh more.

    f1 : (n_classes,) from `prequential_f1`
    counts : (n_classes,) labels so far
    is_ambiguous : (n_classes,) where annotators disagree: more labels help less, so half the weight
    returns : (n_classes,) sums to 1

    Source: w = (1 - F1 + .02) / sqrt(n + 1), measured on TREC, AG News, SMS spam and Banking77.

    >>> weak_class_weights(np.array([.9, .3, .5]), np.array([99, 3, 24])).round(2)
    array([0.03, 0.76, 0.22])
    """
    weights = (1 - f1 + 0.02) / np.sqrt(counts + 1.0)
    if is_ambiguous is not None:
        weights = np.where(is_ambiguous, weights / 2, weights)
    normalized: Doubles = weights / weights.sum()
    return normalized


def most_of_one_class(total: int, n_open: int) -> int:
    """Places that one class may get of `total`: 40%, or 1.5 times an even share of few classes.

    >>> most_of_one_class(10, 5), most_of_one_class(10, 2), most_of_one_class(10, 0)
    (4, 8, 10)
    """
    return int(np.ceil(total * min(1.0, max(0.4, 1.5 / max(n_open, 1)))))


def class_agreement(true_flags: Flags, documents: AnyIntegers) -> Doubles:
    """How often a second annotator gives the class that one gave, by class.

    true_flags : (n_answers, n_classes) bool; documents : (n_answers,) which one each answer is about
    returns : (n_classes,) in [0, 1]; not a number where fewer than `MIN_PAIRS` answers had a second one

    Source: positive specific agreement (Fleiss 1975), over all pairs of answers of a document.

    >>> labels_of_people = np.array([[True, False], [True, False]] * 5 + [[True, False], [False, True]] * 5)
    >>> class_agreement(labels_of_people, np.repeat(np.arange(10), 2)).round(2)
    array([0.67, 0.  ])
    """
    _, group, answers = np.unique(documents, return_inverse=True, return_counts=True)
    positive = np.zeros((len(answers), true_flags.shape[1]))
    np.add.at(positive, group, true_flags)
    agreed = (positive * (positive - 1)).sum(axis=0)
    compared = (positive * (answers[:, None] - 1)).sum(axis=0)
    agreement: Doubles = np.where(compared >= MIN_PAIRS, agreed / np.maximum(compared, 1), np.nan)
    return agreement


def quotas(weights: AnyFloats, available: AnyIntegers, total: int) -> Integers:
    """Share `total` places out by weight; none gets more than 40% of them or than it can fill.

    weights : (n_classes,) not negative
    available : (n_classes,) documents that could fill a place
    returns : (n_classes,) places; they sum to `total` wherever documents and classes suffice

    With two or three classes the cap is 75 or 50%: 1.5 times an even share.

    >>> quotas(np.array([.8, .1, .05, .05]), np.array([50, 50, 50, 1]), 10)
    array([4, 3, 2, 1])
    """
    n_open = int(((available > 0) & (weights > 0)).sum())
    if n_open == 0 or total <= 0:
        return np.zeros(len(weights), dtype=np.int64)
    cap = most_of_one_class(total, n_open)
    limits = np.where(weights > 0, np.minimum(available, cap), 0).astype(np.int64)
    counts = np.zeros(len(weights), dtype=np.int64)
    left = min(total, int(limits.sum()))
    while left > 0:
        wanting = np.where(counts < limits, weights, 0.0)
        exact = wanting / wanting.sum() * left
        extra = np.floor(exact).astype(np.int64)
        by_remainder = np.argsort(-(exact - extra), kind="stable")
        extra[by_remainder[: left - int(extra.sum())]] += 1
        extra = np.minimum(extra, limits - counts)
        counts += extra
        left -= int(extra.sum())
    return counts
