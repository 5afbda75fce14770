"""Span calibration: can the probabilities of marked spans be believed? Each mark is a case by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.calibration import Calibration, calibration
from analytics.metrics.means import mean_interval
from analytics.metrics.measures import Measure, gettext_noop, undefined
from analytics.metrics.probabilities import (
    MAX_SURPRISE,
    MUCH,
    N_BINS,
    ProbabilityScores,
    calibration_interval,
    gap_of,
)

NOTHING_MARKED = gettext_noop("The model predicted no spans in the test set.")
_SMALLEST = float(np.finfo(np.float64).eps)


def score_marks(
    probabilities: NDArray[np.floating],
    is_right: NDArray[np.bool_],
    documents: NDArray[np.integer],
    n_documents: int,
) -> ProbabilityScores:
    """Losses, calibration and the gap, over the marks of a test set.

    probabilities, is_right : (n_marks,) probability of each, and whether exactly that span is labeled
    documents : (n_marks,) row of the document that each is in, of `n_documents`: spans of one document go
        wrong together

    >>> scores = score_marks(np.array([0.9, 0.9]), np.array([True, False]), np.array([0, 1]), 2)
    >>> round(scores.gap.value, 2), round(scores.brier.value, 2)
    (0.4, 0.41)
    """
    if not len(probabilities):
        unknown = undefined(NOTHING_MARKED)
        return ProbabilityScores(unknown, unknown, Calibration(unknown, ()), unknown)
    probabilities = np.asarray(probabilities, dtype=np.float64)
    surprises = [
        -np.log(side.clip(_SMALLEST, 1.0)) for side in (probabilities, 1 - probabilities)
    ]  # if right, if wrong
    squares = [(1 - probabilities) ** 2, probabilities**2]
    marks = np.bincount(documents, minlength=n_documents)
    log_loss, brier = (
        _mean(np.where(is_right, well, badly), (well, badly), documents, marks, maximum)
        for (well, badly), maximum in ((surprises, MAX_SURPRISE), (squares, 1.0))
    )
    excess = probabilities - is_right
    by_bin = np.zeros((n_documents, N_BINS))
    np.add.at(by_bin, (documents, np.clip((probabilities * N_BINS).astype(np.int64), 0, N_BINS - 1)), excess)
    measured = calibration(probabilities, is_right, N_BINS)
    interval = calibration_interval(measured.error.value or 0.0, by_bin, probabilities)
    return ProbabilityScores(
        log_loss,
        brier,
        replace(measured, error=replace(measured.error, interval=interval)),
        gap_of(_summed(excess, documents, n_documents), marks, float(probabilities.sum())),
    )


def _mean(
    values: NDArray[np.float64],
    imagined: tuple[NDArray[np.floating], NDArray[np.floating]],
    documents: NDArray[np.integer],
    marks: NDArray[np.int64],
    maximum: float,
) -> Measure:
    """The mean over marks.

    values : (n_marks,); imagined : the same if all marks were right, if all were wrong
    marks : (n_documents,) how many each has; maximum : what one mark may have
    """
    sums, (well, badly) = _summed(values, documents, len(marks)), imagined
    ends = float(well.mean()), float(np.quantile(badly, MUCH))
    return Measure(
        float(values.mean()), interval=mean_interval(sums, marks, imagined=ends, bounds=(0.0, maximum))
    )


def _summed(
    values: NDArray[np.floating], documents: NDArray[np.integer], n_documents: int
) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.bincount(documents, weights=values, minlength=n_documents).astype(
        np.float64
    )
    return sums
