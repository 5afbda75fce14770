"""Classification scores: accuracy and F1 of plain flags and of spans, for learning curves.

Intervals, confusion and everything that people read about their project are made in analytics.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from labeling.learning.arrays.f1_scores import f1_scores
from labeling.learning.arrays.types import Flags, Integers
from labeling.learning.sequence.bio_tags import Span


@dataclass(frozen=True)
class Quality:
    """Shares from 0 to 1. Macro F1 is the mean over the classes that were given or predicted."""

    accuracy: float  # documents of which everything is right
    macro_f1: float
    micro_f1: float  # for one class a document the same as the accuracy


def quality_of_flags(predicted: Flags, true_flags: Flags) -> Quality:
    """Quality of the classes of whole documents.

    predicted, true_flags : (n, n_classes) bool; for one class a document each row has one True

    >>> true_flags = np.array([[True, False], [True, False], [False, True], [False, True]])
    >>> predicted = np.array([[True, False], [False, True], [False, True], [False, True]])
    >>> quality_of_flags(predicted, true_flags)
    Quality(accuracy=0.75, macro_f1=0.7333333333333334, micro_f1=0.75)
    """
    exact = float((predicted == true_flags).all(axis=1).mean()) if len(true_flags) else 0.0
    hits = (predicted & true_flags).sum(axis=0)
    return _quality(exact, hits, predicted.sum(axis=0), true_flags.sum(axis=0))


def quality_of_spans(
    predicted: Sequence[Collection[Span]], true_spans: Sequence[Collection[Span]], classes: Sequence[str]
) -> Quality:
    """Quality of spans, strictly: a span is right when its start, its end and its class are.

    predicted, true_spans : n collections of spans, one for each document

    >>> quality_of_spans([[Span(0, 3, "A")], []], [[Span(0, 3, "A")], [Span(1, 2, "A")]], ["A"])
    Quality(accuracy=0.5, macro_f1=0.6666666666666666, micro_f1=0.6666666666666666)
    """
    class_index = {name: number for number, name in enumerate(classes)}
    hits, result, n_true = np.zeros((3, len(classes)), dtype=np.int64)
    exact = 0
    for ours, theirs in zip(predicted, true_spans, strict=True):
        for counts, spans in ((hits, set(ours) & set(theirs)), (result, set(ours)), (n_true, set(theirs))):
            for span in spans:
                counts[class_index[span.label_class]] += 1
        exact += set(ours) == set(theirs)
    return _quality(exact / max(len(true_spans), 1), hits, result, n_true)


def _quality(exact: float, hits: Integers, predicted: Integers, n_true: Integers) -> Quality:
    total = predicted + n_true
    f1 = f1_scores(hits, total)
    macro = float(f1[total > 0].mean()) if total.any() else 0.0
    return Quality(exact, macro, float(f1_scores(hits.sum(), total.sum())))


def area_under_curve(labels: Sequence[float], quality: Sequence[float]) -> float:
    """Mean quality over the budget: the area under the learning curve divided by its width.

    labels : (n,) numbers of labels, increasing; quality : (n,) in [0, 1]
    returns : in [0, 1]; the one quality where the curve is a single point

    Raises ValueError for an empty curve.

    >>> round(area_under_curve([0, 100, 200], [.0, .8, .8]), 2)
    0.6
    """
    if not labels:
        raise ValueError("a learning curve needs at least one point")
    width = labels[-1] - labels[0]
    if width == 0:
        return float(quality[-1])
    return float(np.trapezoid(quality, labels) / width)


def labels_to_reach(labels: Sequence[int], quality: Sequence[float], target: float) -> int | None:
    """The fewest labels from which the curve reaches a target at two evaluations running.

    returns : that number of labels; None where it never does. The last point counts alone.

    >>> labels_to_reach([10, 20, 30, 40], [.7, .9, .8, .9], .85)
    40
    >>> labels_to_reach([10, 20, 30, 40], [.7, .9, .9, .8], .85)
    20
    """
    reached = [value >= target for value in quality]
    for index, count in enumerate(labels):
        if all(reached[index : index + 2]):
            return count
    return None


def labels_to_share_of_full(
    labels: Sequence[int], quality: Sequence[float], full: float, share: float = 0.95
) -> int | None:
    """Labels to reach a share of what all labels together give; None where the curve never does.

    full : quality of a model trained on the whole pool

    >>> labels_to_share_of_full([10, 20, 30], [.5, .86, .87], full=.9)
    20
    """
    return labels_to_reach(labels, quality, share * full)
