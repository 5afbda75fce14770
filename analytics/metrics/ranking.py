"""Label ranking: with several classes a document, does the model rank the true ones before the others?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.classification import NOTHING_TESTED
from analytics.metrics.means import mean_interval
from analytics.metrics.measures import Measure, undefined


@dataclass(frozen=True, slots=True)
class Ranking:
    """How the true classes of a document stand in the order of its probabilities; means over documents.

    average_precision : label-ranking average precision, 0 to 1: how much of what stands before a true class
        is true itself; 1 when all true classes come first
    loss : ranking loss, 0 to 1: share of pairs (a true class, another) in the wrong order; 0 is best
    coverage : classes to read from the top until all true ones are seen; the labels of a document at best
    """

    average_precision: Measure
    loss: Measure
    coverage: Measure


def ranking(probabilities: NDArray[np.floating], truth: NDArray[np.bool_]) -> Ranking:
    """Judge the order of the classes of each document; equal probabilities count as the wrong order.

    probabilities, truth : (n_documents, n_classes)
    A document without a class, or with all of them, has average precision 1 and loss 0, as in scikit-learn.
    Raises ValueError when shapes differ.

    Source: Tsoumakas, Katakis and Vlahavas (2010), "Mining multi-label data"; equal to scikit-learn's
    `label_ranking_average_precision_score`, `label_ranking_loss` and `coverage_error`.

    >>> scores = ranking(np.array([[.9, .5, .4]]), np.array([[True, False, True]]))
    >>> round(scores.average_precision.value, 3), scores.loss.value, scores.coverage.value
    (0.833, 0.5, 3.0)
    """
    if probabilities.shape != truth.shape or truth.ndim != 2:
        raise ValueError(f"probabilities {probabilities.shape} and truth {truth.shape} must be equal tables")
    if not len(truth):
        unknown = undefined(NOTHING_TESTED)
        return Ranking(unknown, unknown, unknown)
    precision, loss, coverage = _documents(probabilities, truth).T
    labels, n_classes = float(truth.sum(axis=1).mean()), float(truth.shape[1])
    return Ranking(
        _mean(precision, (1.0, 0.0), (0.0, 1.0)),
        _mean(loss, (0.0, 1.0), (0.0, 1.0)),
        _mean(coverage, (labels, n_classes), (0.0, n_classes)),
    )


def _mean(values: NDArray[np.float64], imagined: tuple[float, float], bounds: tuple[float, float]) -> Measure:
    return Measure(float(values.mean()), interval=mean_interval(values, imagined=imagined, bounds=bounds))


def _documents(probabilities: NDArray[np.floating], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Average precision, loss and coverage of each document: (n_documents, 3)."""
    n_documents, n_classes = truth.shape
    order = np.argsort(probabilities, axis=1, kind="stable")
    sorted_odds = np.take_along_axis(probabilities, order, axis=1)
    is_true = np.take_along_axis(truth.astype(bool), order, axis=1)
    starts = np.zeros((n_documents, n_classes), dtype=np.int64)  # where each run of equal ones begins
    starts[:, 1:] = np.where(sorted_odds[:, 1:] != sorted_odds[:, :-1], np.arange(1, n_classes), 0)
    starts = np.maximum.accumulate(starts, axis=1)
    before = n_classes - starts  # classes that stand no lower
    true_from = is_true[:, ::-1].cumsum(axis=1)[:, ::-1]
    true_before = np.take_along_axis(true_from, starts, axis=1)
    n_true = is_true.sum(axis=1)
    is_plain = (n_true == 0) | (n_true == n_classes)
    precision = np.where(is_true, true_before / before, 0.0).sum(axis=1) / np.maximum(n_true, 1)
    pairs = np.maximum(n_true * (n_classes - n_true), 1)
    loss = np.where(is_true, before - true_before, 0).sum(axis=1) / pairs
    coverage = np.where(is_true, before, 0).max(axis=1)
    return np.stack([np.where(is_plain, 1.0, precision), np.where(is_plain, 0.0, loss), coverage], axis=1)
