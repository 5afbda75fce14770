"""Does the model find roughly the right place? Spans that touch a true one of their class, in part or at all.

Beside the strict measure, in which a span that is one word too long counts as one missed and one invented.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.bootstrap import outcomes_of_documents
from analytics.metrics.classification import NEVER_PREDICTED, NOTHING_TESTED, Average, divide
from analytics.metrics.intervals import NO_SUPPORT
from analytics.metrics.measures import Measure, undefined
from analytics.metrics.resampling import RESAMPLES, corrected_interval, drawn_weights
from analytics.metrics.spans import Entity

PART = 0.5  # credit of a span with the right class and wrong ends


@dataclass(frozen=True, slots=True)
class Matches:
    """One way to forgive wrong ends.

    classes : precision, recall and F1 of each class; all : of all classes together (micro)
    """

    classes: tuple[Average, ...]
    all: Average


@dataclass(frozen=True, slots=True)
class SpanMatches:
    """Both ways, where each span counts for one true span of its class at most.

    partial : a span with the right class and the right ends counts 1, one that only overlaps counts a half
    by_class : a span that overlaps a true one of its class counts 1, wherever it ends
    """

    partial: Matches
    by_class: Matches


def span_matches(
    truth: Sequence[Collection[Entity]],
    predicted: Sequence[Collection[Entity]],
    n_classes: int,
    *,
    seed: int,
) -> SpanMatches:
    """Precision, recall and F1 with credit for spans that are nearly right; intervals over drawn documents.

    truth, predicted : the spans of each document (start, end, class), in the same order of documents
    Equal spans are paired first, then in the order of the text each predicted span with the first true span
    of its class that it overlaps and that is left.
    Raises ValueError when the lengths differ.

    Source: half credit as in MUC-5, Chinchor and Sundheim (1993), "MUC-5 evaluation metrics"; the match by
    class as "type" in Segura-Bedmar, Martínez and Herrero-Zazo (2013), SemEval-2013 task 9. Unlike "partial"
    there, both ask for the right class.

    >>> found = span_matches([[(0, 5, 0)]], [[(0, 6, 0)]], n_classes=1, seed=1)
    >>> found.partial.all.f1.value, found.by_class.all.f1.value
    (0.5, 1.0)
    """
    if len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} documents with true spans, {len(predicted)} with predicted ones")
    exact, touching, n_true, n_found = (np.zeros((len(truth), n_classes), np.int64) for _ in range(4))
    for document, (true_spans, found_spans) in enumerate(zip(truth, predicted, strict=True)):
        for place in {span[2] for span in (*true_spans, *found_spans)}:
            true = sorted({(s, e) for s, e, c in true_spans if c == place})
            found = sorted({(s, e) for s, e, c in found_spans if c == place})
            n_true[document, place], n_found[document, place] = len(true), len(found)
            exact[document, place], touching[document, place] = _paired(true, found)
    halves = 2 * exact + touching  # whole numbers: equal documents are put together
    return SpanMatches(
        _matches(halves, n_found, n_true, credit=PART, seed=seed),
        _matches(exact + touching, n_found, n_true, credit=1.0, seed=seed),
    )


def _paired(true: list[tuple[int, int]], found: list[tuple[int, int]]) -> tuple[int, int]:
    """Pairs with equal ends, and pairs that only overlap."""
    equal = set(true) & set(found)
    left = [span for span in true if span not in equal]
    touching = 0
    for start, end in (span for span in found if span not in equal):
        other = next((span for span in left if span[0] < end and start < span[1]), None)
        if other is not None:
            left.remove(other)
            touching += 1
    return len(equal), touching


def _matches(
    credits: NDArray[np.int64], found: NDArray[np.int64], true: NDArray[np.int64], *, credit: float, seed: int
) -> Matches:
    """From credits, predicted and true spans of each document: (n_documents, n_classes) each."""
    n_documents, n_classes = credits.shape
    if not n_documents:
        unknown = undefined(NOTHING_TESTED)
        return Matches((Average(unknown, unknown, unknown),) * n_classes, Average(unknown, unknown, unknown))
    outcomes = outcomes_of_documents(credits, found, true)
    parts = (outcomes.true_positives * credit, outcomes.false_positives, outcomes.false_negatives)
    support = outcomes.documents @ parts[2] / n_documents
    with_error = [  # one imagined document joins: all missed, as many given wrongly
        np.vstack([part, extra]).astype(np.float32)
        for part, extra in zip(parts, (np.zeros(n_classes), support, support), strict=True)
    ]
    documents = np.append(outcomes.documents, 1)
    drawn = [
        _shares(*(weights @ part for part in with_error))
        for weights in drawn_weights(documents, RESAMPLES, seed)
    ]
    draws = np.concatenate(drawn, axis=1)  # (3, n_draws, n_classes + 1)
    centres = _shares(*(documents[None].astype(np.float32) @ part for part in with_error))[:, 0]
    values = _shares(*((outcomes.documents @ part)[None] for part in parts))[:, 0]
    averages = [
        Average(
            *(
                _measure(float(values[row, place]), draws[row, :, place], float(centres[row, place]), reason)
                for row, reason in enumerate((NEVER_PREDICTED, NO_SUPPORT, NO_SUPPORT))
            )
        )
        for place in range(n_classes + 1)
    ]
    return Matches(tuple(averages[:-1]), averages[-1])


def _shares(
    credits: NDArray[np.floating], found: NDArray[np.floating], true: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Precision, recall and F1 of each class and, in the last column, of all: (3, n_draws, n_classes + 1)."""
    credits, found, true = (np.column_stack([part, part.sum(axis=1)]) for part in (credits, found, true))
    f1 = np.where(true > 0, divide(2 * credits, found + true), np.nan)
    return np.stack([divide(credits, found), divide(credits, true), f1])


def _measure(value: float, draws: NDArray[np.float64], centre: float, reason: str) -> Measure:
    if np.isnan(value):
        return undefined(reason)
    return Measure(value, interval=corrected_interval(value, draws, centre=centre))
