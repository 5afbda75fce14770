"""Span metrics: how good the model is at finding spans. Strict: the same ends and class, or wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.classification import NOTHING_TESTED, Counts, Report, report_counts
from analytics.metrics.intervals import proportion
from analytics.metrics.measures import gettext_noop, undefined
from analytics.metrics.outcomes import design_effects, outcomes_of_documents

NO_FIXED_UNITS = gettext_noop("Hamming loss is not defined for spans.")

Entity = tuple[int, int, int]  # start, end (exclusive), place of the class


def report_of_documents(
    right: NDArray[np.int64], extra: NDArray[np.int64], missed: NDArray[np.int64]
) -> Report:
    """Strict precision, recall and F1 per class and overall; support counts spans.

    right, extra, missed : (n_documents, n_classes) from `counts_of_documents`
    returns : accuracy is the share of documents whose spans are right in full

    Source: Tjong Kim Sang and De Meulder (2003), CoNLL-2003 shared task: a span counts if it matches exactly.

    >>> counts = counts_of_documents([[(0, 5, 0), (9, 12, 1)]], [[(0, 5, 0), (9, 11, 1)]], n_classes=2)
    >>> scores = report_of_documents(*counts)
    >>> scores.micro.f1.value, scores.classes[1].f1.value
    (0.5, 0.0)
    """
    exact, n_documents = int((~(extra | missed).any(axis=1)).sum()), len(right)
    counts = Counts(right.sum(axis=0), extra.sum(axis=0), missed.sum(axis=0), n_documents)
    accuracy = proportion(exact, n_documents, NOTHING_TESTED)
    effects = design_effects(outcomes_of_documents(right, extra, missed)) if n_documents else None
    return report_counts(counts, accuracy, undefined(NO_FIXED_UNITS), effects)


def counts_of_documents(
    truth: Sequence[Collection[Entity]], predicted: Sequence[Collection[Entity]], n_classes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Spans that are right, extra and missed: three tables of (n_documents, n_classes).

    truth, predicted : the spans of each document, in the same order of documents
    Raises ValueError when the lengths differ, a span is given twice, or a class is out of range.
    """
    if len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} documents with true spans, {len(predicted)} with predicted ones")
    shape = len(truth), n_classes
    true, predicted_spans = flat(truth), flat(predicted)
    for side in (true, predicted_spans):
        if len(side) and not 0 <= side[:, 3].min() <= side[:, 3].max() < n_classes:
            raise ValueError(f"classes must be from 0 to {n_classes - 1}")
    # In rising order equal spans are neighbors: the true one first, since the order is stable.
    both = np.concatenate([true, predicted_spans])
    order = np.lexsort(both.T[::-1])
    ranked, is_true = both[order], order < len(true)
    same = np.append((ranked[1:] == ranked[:-1]).all(axis=1), False)[: len(both)]
    if (same[:-1] & (is_true[1:] == is_true[:-1])).any():
        raise ValueError("a span is given twice")
    is_met = same | np.append(False, same[:-1])[: len(both)]
    cells = ranked[:, 0] * n_classes + ranked[:, 3]
    return (
        _counted(cells[same], shape),
        _counted(cells[~is_met & ~is_true], shape),
        _counted(cells[~is_met & is_true], shape),
    )


def flat(spans: Sequence[Collection[Entity]]) -> NDArray[np.int64]:
    """All spans of all documents as one table: (n_spans, 4), each with its document before it.

    >>> flat([[(0, 5, 1)], [], [(2, 3, 0)]])
    array([[0, 0, 5, 1], [2, 2, 3, 0]])
    """
    documents = np.repeat(np.arange(len(spans)), [len(span) for span in spans]).astype(np.int64)
    entities = np.array([span for item in spans for span in item], dtype=np.int64).reshape(-1, 3)
    return np.column_stack([documents, entities])


def _counted(cells: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.int64]:
    return np.bincount(cells, minlength=shape[0] * shape[1]).astype(np.int64).reshape(shape)
