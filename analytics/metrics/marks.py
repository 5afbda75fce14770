"""Can the probabilities of spans that a model marks be believed? Each mark is a case by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.calibration import Calibration, calibration
from analytics.metrics.classification import divide
from analytics.metrics.measures import Measure, gettext_noop, undefined
from analytics.metrics.probabilities import (
    N_BINS,
    ProbabilityScores,
    error_with_interval,
    gap_of,
)
from analytics.metrics.resampling import corrected_interval, drawn_sums

NOTHING_MARKED = gettext_noop("The model marked no span in the test set.")
LOSSES = 3  # columns: log loss, squared error, marks; then the excess by bin, then excess and marks again
_SMALLEST = float(np.finfo(np.float64).eps)


def score_marks(
    odds: NDArray[np.floating],
    is_right: NDArray[np.bool_],
    documents: NDArray[np.integer],
    n_documents: int,
    *,
    seed: int,
) -> ProbabilityScores:
    """Losses, calibration and the gap, over the marks of a test set.

    odds, is_right : (n_marks,) probability of each, and whether exactly that span is labelled
    documents : (n_marks,) row of the document that each is in, of `n_documents`; these are drawn, since spans
        of one document go wrong together

    >>> found = score_marks(np.array([0.9, 0.9]), np.array([True, False]), np.array([0, 1]), 2, seed=1)
    >>> round(found.gap.value, 2), round(found.brier.value, 2)
    (0.4, 0.41)
    """
    if not len(odds):
        unknown = undefined(NOTHING_MARKED)
        return ProbabilityScores(unknown, unknown, Calibration(unknown, ()), unknown)
    table = _by_document(odds, is_right, documents, n_documents)
    sums, totals = drawn_sums(table, seed=seed), table.sum(axis=0)
    log_loss, brier = (
        _mean(table[:-1, (column, 2)], sums[:, (column, 2)], totals[[column, 2]]) for column in (0, 1)
    )
    found = calibration(odds, is_right, N_BINS)
    errors = divide(np.abs(sums[:, LOSSES : LOSSES + N_BINS]).sum(axis=1), sums[:, -2])
    error = error_with_interval(found.error, errors[~np.isnan(errors)])
    return ProbabilityScores(
        log_loss, brier, replace(found, error=error), gap_of(table[:-1, -2:], sums[:, -3:-1])
    )


def _by_document(
    odds: NDArray[np.floating], is_right: NDArray[np.bool_], documents: NDArray[np.integer], n_documents: int
) -> NDArray[np.float64]:
    """What each document adds, and last an imagined one with a mark about which the model knows nothing."""
    excess = odds - is_right
    each = np.zeros((len(odds), LOSSES + N_BINS + 2))
    each[:, 0] = -np.log(np.where(is_right, odds, 1 - odds).clip(_SMALLEST, 1.0))
    each[:, 1], each[:, 2] = excess**2, 1
    each[np.arange(len(odds)), LOSSES + np.clip((odds * N_BINS).astype(np.int64), 0, N_BINS - 1)] = excess
    each[:, -2], each[:, -1] = excess, 1
    table = np.zeros((n_documents + 1, each.shape[1]))
    np.add.at(table, documents, each)
    table[-1, :LOSSES] = np.log(2), 0.25, 1
    return table


def _mean(parts: NDArray[np.float64], sums: NDArray[np.float64], totals: NDArray[np.float64]) -> Measure:
    """The mean over marks: sums by marks, of each document, of each draw and with the imagined document."""
    whole, marks = parts.sum(axis=0).tolist()
    draws = divide(sums[:, 0], sums[:, 1])
    return Measure(
        whole / marks, interval=corrected_interval(whole / marks, draws, centre=float(totals[0] / totals[1]))
    )
