"""Classification metrics: how good the model is, per class and overall. Exact counts in, measures out.

Equal to scikit-learn's `precision_recall_fscore_support` where that has a value, except that a class
without a document in the test set has no F1 here (there it is 0), and does not enter macro averages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.intervals import NO_SUPPORT, f1_of_counts, proportion
from analytics.metrics.measures import Measure, gettext_noop, ratio, undefined
from labeling.learning.arrays.f1_scores import f1_scores

NEVER_PREDICTED = gettext_noop("The model never predicted this class.")
NOTHING_TESTED = gettext_noop("The test set has no labeled documents yet.")
NOTHING_TRUE = gettext_noop("No test document has a class.")
NOTHING_PREDICTED = gettext_noop("The model predicted nothing.")
NO_CLASS_DEFINED = gettext_noop("No class has a value to average.")


@dataclass(frozen=True, slots=True)
class Counts:
    """What every measure is made of: (n_classes,) integers each, and the number of documents."""

    true_positives: NDArray[np.int64]
    false_positives: NDArray[np.int64]
    false_negatives: NDArray[np.int64]
    n_documents: int

    @property
    def support(self) -> NDArray[np.int64]:
        """How often each class was truly there: (n_classes,)."""
        return self.true_positives + self.false_negatives


@dataclass(frozen=True, slots=True)
class ClassScores:
    """One class. Precision and recall carry intervals of shares, F1 one derived from such.

    Of spans, with fewer cases than there are, as those of one document go wrong together.
    """

    precision: Measure
    recall: Measure
    f1: Measure
    support: int  # documents (or spans) of the test set that truly have the class
    true_positives: int
    false_positives: int
    false_negatives: int


@dataclass(frozen=True, slots=True)
class Average:
    """One way to put the classes together."""

    precision: Measure
    recall: Measure
    f1: Measure


@dataclass(frozen=True, slots=True)
class Report:
    """All of it, for one test set and one model version.

    accuracy : share of documents that are right in full; for several labels also called subset accuracy
    macro, weighted : over the classes with a document in the test set, precision over those of them that were
        given; a class without a document is unknown, which is neither 0 nor 1
    hamming_loss : share of wrong (document, class) pairs; for one class a document the share of wrong ones
    n_averaged : classes with a document in the test set; the macro averages are over them
    """

    classes: tuple[ClassScores, ...]
    micro: Average
    macro: Average
    weighted: Average
    accuracy: Measure
    hamming_loss: Measure
    n_documents: int
    n_averaged: int


def report_single(truth: NDArray[np.integer], predicted: NDArray[np.integer], n_classes: int) -> Report:
    """Measures where each document has exactly one class.

    truth, predicted : (n_documents,) places of classes, 0 to n_classes - 1
    Raises ValueError when shapes differ or a place is out of range.

    >>> scores = report_single(np.array([0, 0, 1]), np.array([0, 1, 1]), n_classes=3)
    >>> round(scores.macro.f1.value, 3), scores.classes[2].f1.reason
    (0.667, 'No test document has this class.')
    """
    matrix = confusion_matrix(truth, predicted, n_classes)
    right, n_documents = int(np.trace(matrix)), int(matrix.sum())
    accuracy = proportion(right, n_documents, NOTHING_TESTED)
    return report_counts(
        counts_of_matrix(matrix), accuracy, proportion(n_documents - right, n_documents, NOTHING_TESTED)
    )


def report_multi(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Report:
    """Measures where a document may have several classes, or none.

    truth, predicted : (n_documents, n_classes) booleans
    Raises ValueError when shapes differ.

    >>> scores = report_multi(np.array([[1, 1], [0, 1]], bool), np.array([[1, 0], [0, 1]], bool))
    >>> scores.accuracy.value, scores.hamming_loss.value, round(scores.micro.f1.value, 3)
    (0.5, 0.25, 0.8)
    """
    counts = counts_multi(truth, predicted)
    n_documents, n_classes = truth.shape
    exact = int((truth == predicted).all(axis=1).sum())
    wrong = int((truth != predicted).sum())
    return report_counts(
        counts,
        proportion(exact, n_documents, NOTHING_TESTED),
        ratio(wrong, n_documents * n_classes, NOTHING_TESTED),
    )


def report_counts(
    counts: Counts, accuracy: Measure, hamming_loss: Measure, effects: NDArray[np.float64] | None = None
) -> Report:
    """Measures from counts, however these were come by.

    effects : as of `class_scores`
    """
    support = counts.support
    return Report(
        classes=class_scores(counts, effects),
        micro=_micro(counts),
        macro=_mean(counts, (support > 0).astype(np.float64)),
        weighted=_mean(counts, support.astype(np.float64)),
        accuracy=accuracy,
        hamming_loss=hamming_loss,
        n_documents=counts.n_documents,
        n_averaged=int((support > 0).sum()),
    )


def confusion_matrix(
    truth: NDArray[np.integer], predicted: NDArray[np.integer], n_classes: int
) -> NDArray[np.int64]:
    """How often each class (row) was predicted as each class (column): (n_classes, n_classes).

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1], [0, 1]])
    """
    if truth.shape != predicted.shape or truth.ndim != 1:
        raise ValueError(f"truth {truth.shape} and predicted {predicted.shape} must be equal and flat")
    for indices in (truth, predicted):
        if indices.size and not 0 <= indices.min() <= indices.max() < n_classes:
            raise ValueError(f"classes must be from 0 to {n_classes - 1}")
    pairs = truth.astype(np.int64) * n_classes + predicted
    return np.bincount(pairs, minlength=n_classes * n_classes).reshape(n_classes, n_classes)


def counts_of_matrix(matrix: NDArray[np.int64]) -> Counts:
    """Counts per class from a confusion matrix."""
    right = np.diagonal(matrix).copy()
    return Counts(right, matrix.sum(axis=0) - right, matrix.sum(axis=1) - right, int(matrix.sum()))


def counts_multi(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Counts:
    """Counts per class from two tables of booleans, (n_documents, n_classes) each."""
    if truth.shape != predicted.shape or truth.ndim != 2:
        raise ValueError(f"truth {truth.shape} and predicted {predicted.shape} must be equal tables")
    truth, predicted = truth.astype(bool), predicted.astype(bool)
    return Counts(
        (truth & predicted).sum(axis=0),
        (~truth & predicted).sum(axis=0),
        (truth & ~predicted).sum(axis=0),
        len(truth),
    )


def class_scores(counts: Counts, effects: NDArray[np.float64] | None = None) -> tuple[ClassScores, ...]:
    """Scores of each class, in the order of the classes.

    effects : (3, n_classes) design effects of precision, recall and F1, where cases go wrong together; else 1
    """
    effects = np.ones((3, len(counts.support))) if effects is None else effects
    return tuple(
        ClassScores(
            precision=proportion(tp, tp + fp, NEVER_PREDICTED, of_precision),
            recall=proportion(tp, tp + fn, NO_SUPPORT, of_recall),
            f1=f1_of_counts(tp, fp, fn, of_f1),
            support=tp + fn,
            true_positives=tp,
            false_positives=fp,
            false_negatives=fn,
        )
        for tp, fp, fn, (of_precision, of_recall, of_f1) in zip(
            counts.true_positives.tolist(),
            counts.false_positives.tolist(),
            counts.false_negatives.tolist(),
            effects.T.tolist(),
            strict=True,
        )
    )


def f1_values(
    true_positives: NDArray[np.number],
    false_positives: NDArray[np.number],
    false_negatives: NDArray[np.number],
) -> NDArray[np.float64]:
    """F1 of any shape of counts; nan without a document of the class.

    >>> f1_values(np.array([1, 0]), np.array([0, 3]), np.array([2, 0]))
    array([0.5, nan])
    """
    values = f1_scores(true_positives, 2 * true_positives + false_positives + false_negatives)
    return np.where(true_positives + false_negatives > 0, values, np.nan)


def divide(part: NDArray[np.number], whole: NDArray[np.number]) -> NDArray[np.float64]:
    """part / whole, nan where whole is 0."""
    shape = np.broadcast_shapes(part.shape, whole.shape)
    quotients = np.full(shape, np.nan)
    np.divide(part, whole, out=quotients, where=np.broadcast_to(whole != 0, shape))
    return quotients


def _micro(counts: Counts) -> Average:
    tp, fp, fn = (
        int(part.sum()) for part in (counts.true_positives, counts.false_positives, counts.false_negatives)
    )
    reason = NOTHING_TRUE if counts.n_documents else NOTHING_TESTED
    f1 = ratio(2 * tp, 2 * tp + fp + fn, "") if tp + fn else undefined(reason)
    return Average(ratio(tp, tp + fp, NOTHING_PREDICTED), ratio(tp, tp + fn, reason), f1)


def _mean(counts: Counts, weights: NDArray[np.float64]) -> Average:
    """Weighted mean over the classes that have the value; those of weight 0 stay out."""
    tp, fp, fn = counts.true_positives, counts.false_positives, counts.false_negatives
    return Average(
        _weighted_mean(divide(tp, tp + fp), weights),
        _weighted_mean(divide(tp, tp + fn), weights),
        _weighted_mean(f1_values(tp, fp, fn), weights),
    )


def _weighted_mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> Measure:
    is_known = ~np.isnan(values) & (weights > 0)
    if not is_known.any():
        return undefined(NO_CLASS_DEFINED)
    return Measure(float(np.average(values[is_known], weights=weights[is_known])))
