"""Partial span matches: is the model roughly right? Spans that touch a true one of their class, even in part.

Beside the strict measure, in which a span that is one word too long counts as one missed and one invented.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.averages import micro_average
from analytics.metrics.classification import NEVER_PREDICTED, NOTHING_TESTED, Average
from analytics.metrics.intervals import NO_SUPPORT, f1_of_counts, proportion
from analytics.metrics.measures import undefined
from analytics.metrics.outcomes import Outcomes, design_effects, outcomes_of_documents
from analytics.metrics.spans import Entity

PART = 0.5  # credit of a span with the right class and wrong ends


@dataclass(frozen=True, slots=True)
class SpanMatchRates:
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

    partial: SpanMatchRates
    by_class: SpanMatchRates


def span_matches(
    truth: Sequence[Collection[Entity]],
    predicted: Sequence[Collection[Entity]],
    n_classes: int,
) -> SpanMatches:
    """Precision, recall and F1 with credit for spans that are nearly right, with intervals.

    truth, predicted : the spans of each document (start, end, class), in the same order of documents
    Equal spans are paired first, then in the order of the text each predicted span with the first true span
    of its class that it overlaps and that is left.
    Raises ValueError when the lengths differ.

    Source: half credit as in MUC-5, Chinchor and Sundheim (1993), "MUC-5 evaluation metrics"; the match by
    class as "type" in Segura-Bedmar, Martínez and Herrero-Zazo (2013), SemEval-2013 task 9. Unlike "partial"
    there, both ask for the right class.

    >>> matches = span_matches([[(0, 5, 0)]], [[(0, 6, 0)]], n_classes=1)
    >>> matches.partial.all.f1.value, matches.by_class.all.f1.value
    (0.5, 1.0)
    """
    if len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} documents with true spans, {len(predicted)} with predicted ones")
    exact, touching, n_true, n_found = (np.zeros((len(truth), n_classes), np.int64) for _ in range(4))
    for document, (true_spans, found_spans) in enumerate(zip(truth, predicted, strict=True)):
        for label_class in {span[2] for span in (*true_spans, *found_spans)}:
            true = sorted({(s, e) for s, e, c in true_spans if c == label_class})
            marked = sorted({(s, e) for s, e, c in found_spans if c == label_class})
            n_true[document, label_class], n_found[document, label_class] = len(true), len(marked)
            exact[document, label_class], touching[document, label_class] = _paired(true, marked)
    halves = 2 * exact + touching  # whole numbers: equal documents are put together
    return SpanMatches(
        _matches(halves, n_found, n_true, PART),
        _matches(exact + touching, n_found, n_true, 1.0),
    )


def _paired(true: list[tuple[int, int]], predicted: list[tuple[int, int]]) -> tuple[int, int]:
    """Pairs with equal ends, and pairs that only overlap."""
    equal = set(true) & set(predicted)
    left = [span for span in true if span not in equal]
    touching = 0
    for start, end in (span for span in predicted if span not in equal):
        other = next((span for span in left if span[0] < end and start < span[1]), None)
        if other is not None:
            left.remove(other)
            touching += 1
    return len(equal), touching


def _matches(
    credits: NDArray[np.int64], predicted: NDArray[np.int64], true: NDArray[np.int64], credit: float
) -> SpanMatchRates:
    """From credits, predicted and true spans of each document: (n_documents, n_classes) each."""
    n_documents, n_classes = credits.shape
    if not n_documents:
        unknown = undefined(NOTHING_TESTED)
        return SpanMatchRates(
            (Average(unknown, unknown, unknown),) * n_classes, Average(unknown, unknown, unknown)
        )
    counted = outcomes_of_documents(credits, predicted, true)
    right = counted.true_positives * credit
    outcomes = Outcomes(
        right, counted.false_positives - right, counted.false_negatives - right, counted.documents
    )
    rows = zip(outcomes.totals.T.tolist(), design_effects(outcomes).T.tolist(), strict=True)
    whole = _average(outcomes.totals.sum(axis=1).tolist(), [1.0, 1.0, 1.0])
    return SpanMatchRates(
        tuple(_average(counts, effects) for counts, effects in rows), micro_average(whole, outcomes)
    )


def _average(counts: list[float], effects: list[float]) -> Average:
    """With the intervals of the strict measure; half spans are half successes.

    counts : right, extra and missed ones; effects : design effects of precision, recall and F1
    """
    right, extra, missed = counts
    return Average(
        proportion(right, right + extra, NEVER_PREDICTED, effects[0]),
        proportion(right, right + missed, NO_SUPPORT, effects[1]),
        f1_of_counts(right, extra, missed, effects[2]),
    )
