"""How good is the model at finding spans? Strict: the same place and the same class, or wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.bootstrap import Outcomes, outcomes_of_documents
from analytics.metrics.classification import NOTHING_TESTED, Counts, Report, report_counts
from analytics.metrics.intervals import proportion
from analytics.metrics.measures import gettext_noop, undefined

NO_FIXED_UNITS = gettext_noop("Spans have no fixed set of units of which a share could be wrong.")

Entity = tuple[int, int, int]  # start, end (exclusive), place of the class


def report_spans(
    truth: Sequence[Collection[Entity]], predicted: Sequence[Collection[Entity]], n_classes: int
) -> Report:
    """Strict precision, recall and F1 per class and overall; support counts spans.

    truth, predicted : the spans of each document, in the same order of documents
    returns : accuracy is the share of documents whose spans are right in full
    Raises ValueError when the lengths differ, a span is given twice, or a class is out of range.

    Source: Tjong Kim Sang and De Meulder (2003), CoNLL-2003 shared task: a span counts if it matches exactly.

    >>> found = report_spans([[(0, 5, 0), (9, 12, 1)]], [[(0, 5, 0), (9, 11, 1)]], n_classes=2)
    >>> found.micro.f1.value, found.classes[1].f1.value
    (0.5, 0.0)
    """
    right, extra, missed = counts_of_documents(truth, predicted, n_classes)
    exact = int(((extra + missed).sum(axis=1) == 0).sum())
    counts = Counts(right.sum(axis=0), extra.sum(axis=0), missed.sum(axis=0), len(truth))
    return report_counts(counts, proportion(exact, len(truth), NOTHING_TESTED), undefined(NO_FIXED_UNITS))


def outcomes_spans(
    truth: Sequence[Collection[Entity]], predicted: Sequence[Collection[Entity]], n_classes: int
) -> Outcomes:
    """Outcomes for the bootstrap: documents are drawn, since spans of one document go wrong together."""
    return outcomes_of_documents(*counts_of_documents(truth, predicted, n_classes))


def counts_of_documents(
    truth: Sequence[Collection[Entity]], predicted: Sequence[Collection[Entity]], n_classes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Spans that are right, extra and missed: three tables of (n_documents, n_classes)."""
    if len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} documents with true spans, {len(predicted)} with predicted ones")
    right, extra, missed = (np.zeros((len(truth), n_classes), np.int64) for _ in range(3))
    for document, (true_spans, found_spans) in enumerate(zip(truth, predicted, strict=True)):
        true, found = _distinct(true_spans, n_classes), _distinct(found_spans, n_classes)
        for table, entities in ((right, true & found), (extra, found - true), (missed, true - found)):
            for _, _, place in entities:
                table[document, place] += 1
    return right, extra, missed


def _distinct(entities: Collection[Entity], n_classes: int) -> set[Entity]:
    distinct = set(entities)
    if len(distinct) != len(entities):
        raise ValueError("a span is given twice")
    for _, _, place in distinct:
        if not 0 <= place < n_classes:
            raise ValueError(f"classes must be from 0 to {n_classes - 1}")
    return distinct
