"""Inter-annotator agreement: how well annotators agree, beyond what chance would give."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.intervals import proportion
from analytics.metrics.measures import Measure, gettext_noop, undefined
from labeling.learning.evaluation.cohen_kappa import agreement_beyond_chance

MISSING = -1  # this annotator has not labeled this document

NOTHING_IN_COMMON = gettext_noop("No document has labels from two annotators.")
ONE_CLASS_ONLY = gettext_noop("Only one class was used, so agreement cannot be distinguished from chance.")


def percent_agreement(first: NDArray[np.integer], second: NDArray[np.integer]) -> Measure:
    """Share of documents on which two annotators agree, 0 to 1, with its interval.

    first, second : (n_documents,) places of classes, MISSING where there is no label

    >>> percent_agreement(np.array([0, 1, 1, -1]), np.array([0, 1, 0, 0])).value
    0.6666666666666666
    """
    first, second = _in_common(first, second)
    return proportion(int((first == second).sum()), len(first), NOTHING_IN_COMMON)


def cohen_kappa(first: NDArray[np.integer], second: NDArray[np.integer]) -> Measure:
    """Agreement of two annotators beyond chance: 1 perfect, 0 as by chance, negative below it.

    first, second : (n_documents,) places of classes, MISSING where there is no label

    >>> round(cohen_kappa(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])).value, 3)
    0.5
    """
    first, second = _in_common(first, second)
    if not len(first):
        return undefined(NOTHING_IN_COMMON)
    value = agreement_beyond_chance(first, second)
    return undefined(ONE_CLASS_ONLY) if value is None else Measure(value)


def krippendorff_alpha(labels: NDArray[np.integer]) -> Measure:
    """Agreement of any number of annotators beyond chance, nominal, gaps allowed: 1 perfect, 0 as by chance.

    labels : (n_annotators, n_documents) places of classes, MISSING where there is no label

    Source: Krippendorff (2011), "Computing Krippendorff's alpha-reliability".

    >>> round(krippendorff_alpha(np.array([[0, 0, 1, 1], [0, 0, 1, 0], [-1, 0, 1, 0]])).value, 3)
    0.643
    """
    n_classes = int(labels.max(initial=MISSING)) + 1
    counts = (
        np.stack([(labels == index).sum(axis=0) for index in range(n_classes)], axis=1) if n_classes else None
    )
    if counts is None or not (counts.sum(axis=1) > 1).any():
        return undefined(NOTHING_IN_COMMON)
    counts = counts[counts.sum(axis=1) > 1].astype(np.float64)  # (documents with a pair, classes)
    per_document = counts.sum(axis=1)
    of_class, total = counts.sum(axis=0), float(counts.sum())
    disagreeing_pairs = (per_document**2 - (counts**2).sum(axis=1)) / (per_document - 1)
    observed = float(disagreeing_pairs.sum()) / total
    expected = float(total**2 - (of_class**2).sum()) / (total * (total - 1))
    return Measure(1 - observed / expected) if expected else undefined(ONE_CLASS_ONLY)


def _in_common(
    first: NDArray[np.integer], second: NDArray[np.integer]
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"labels {first.shape} and {second.shape} must be equal and flat")
    both = (first != MISSING) & (second != MISSING)
    return first[both], second[both]
