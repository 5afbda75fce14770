"""Document outcomes: what each has right, extra and missed, equal ones put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.classification import confusion_matrix, divide


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The different ways in which documents came out, and how many documents each.

    true_positives, false_positives, false_negatives : (n_outcomes, n_classes)
    documents : (n_outcomes,)
    """

    true_positives: NDArray[np.float64]
    false_positives: NDArray[np.float64]
    false_negatives: NDArray[np.float64]
    documents: NDArray[np.int64]

    @property
    def totals(self) -> NDArray[np.float64]:
        """True positives, false positives and false negatives of each class: (3, n_classes)."""
        parts = (self.true_positives, self.false_positives, self.false_negatives)
        return np.stack([self.documents @ part for part in parts])

    @property
    def are_single(self) -> bool:
        """Whether each document has one true label and got one: micro averages are the accuracy then."""
        right, extra, missed = (
            part.sum(axis=1) for part in (self.true_positives, self.false_positives, self.false_negatives)
        )
        return bool((right + missed == 1).all() and (right + extra == 1).all())

    def pooled(self) -> Outcomes:
        """All classes taken for one, for micro averages."""
        right, extra, missed = (
            part.sum(axis=1, keepdims=True)
            for part in (self.true_positives, self.false_positives, self.false_negatives)
        )
        return Outcomes(right, extra, missed, self.documents)


def design_effects(outcomes: Outcomes) -> NDArray[np.float64]:
    """How much more precision, recall and F1 of each class vary than cases that come alone: (3, n_classes).

    1 where a document has one case of a class at most. Spans of one document go wrong together, and one with
    wrong ends is both extra and missed.

    Source: Kish (1965), "Survey sampling", section 8.2.
    """
    right, extra, missed = outcomes.totals
    shares = [(right + 0.5) / (right + other + 1) for other in (extra, missed, (extra + missed) / 2)]
    none = np.zeros_like(right)
    moves = [
        (1 - shares[0], -shares[0], none),
        (1 - shares[1], none, -shares[1]),
        (2 - 2 * shares[2], -shares[2], -shares[2]),
    ]
    effects = []
    for of_right, of_extra, of_missed in moves:
        each = (
            outcomes.true_positives * of_right
            + outcomes.false_positives * of_extra
            + outcomes.false_negatives * of_missed
        )
        apart = right * of_right**2 + extra * of_extra**2 + missed * of_missed**2
        effects.append(divide(outcomes.documents @ each**2, apart))
    return np.maximum(np.nan_to_num(np.stack(effects), nan=1.0), 1.0)


def outcomes_single(truth: NDArray[np.integer], predicted: NDArray[np.integer], n_classes: int) -> Outcomes:
    """Outcomes where each document has one class: at most the cells of the confusion matrix.

    truth, predicted : (n_documents,) places of classes

    >>> outcomes_single(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]), 2).documents
    array([2, 1, 1])
    """
    matrix = confusion_matrix(truth, predicted, n_classes)
    true, taken_for = np.nonzero(matrix)
    one_hot = np.eye(n_classes)
    is_right = (true == taken_for)[:, None]
    return Outcomes(
        one_hot[true] * is_right,
        one_hot[taken_for] * ~is_right,
        one_hot[true] * ~is_right,
        matrix[true, taken_for],
    )


def outcomes_multi(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Outcomes:
    """Outcomes where a document may have several classes: (n_documents, n_classes) booleans each."""
    truth, predicted = truth.astype(bool), predicted.astype(bool)
    return outcomes_of_documents(truth & predicted, ~truth & predicted, truth & ~predicted)


def outcomes_of_documents(
    true_positives: NDArray[np.generic],
    false_positives: NDArray[np.generic],
    false_negatives: NDArray[np.generic],
) -> Outcomes:
    """Outcomes from counts of each document, (n_documents, n_classes) each; equal ones are put together."""
    n_classes = true_positives.shape[1]
    table = np.concatenate([true_positives, false_positives, false_negatives], axis=1).astype(np.int32)
    packed = np.ascontiguousarray(table).view(np.dtype((np.void, table.itemsize * table.shape[1]))).ravel()
    _, first, documents = np.unique(packed, return_index=True, return_counts=True)
    parts = table[first].astype(np.float64).reshape(-1, 3, n_classes)
    return Outcomes(parts[:, 0], parts[:, 1], parts[:, 2], documents.astype(np.int64))
