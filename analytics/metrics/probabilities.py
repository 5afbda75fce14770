"""Can the model's probabilities be believed, and how sure is that? Losses and calibration with intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.calibration import (
    NOTHING_TESTED,
    Calibration,
    binary_log_loss,
    brier,
    calibration,
    log_loss,
)
from analytics.metrics.measures import Interval, Measure, gettext_noop, undefined
from analytics.metrics.resampling import corrected_interval, drawn_weights, enough_resamples, means

N_BINS = 10
NOTHING_ANSWERED = gettext_noop("The model gave no document a class.")
_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class ProbabilityScores:
    """How honest a model's probabilities are.

    log_loss : nats a document where it has one class; nats a (document, class) pair where it has several
    brier : squared error, summed over the classes of a document
    calibration : where it has one class, of the probability of the answer; where it has several, of every
        (document, class) pair
    gap : mean probability of the classes that the model gave, minus the share of them that are right:
        above 0 it is too sure, below 0 too modest
    """

    log_loss: Measure
    brier: Measure
    calibration: Calibration
    gap: Measure


def score_probabilities(
    probabilities: NDArray[np.floating],
    truth: NDArray[np.bool_],
    predicted: NDArray[np.bool_],
    *,
    is_single: bool,
    seed: int,
) -> ProbabilityScores:
    """All of it, with intervals from the same drawn test sets.

    probabilities, truth, predicted : (n_documents, n_classes); for one class a document, one True a row
    Raises ValueError when shapes differ.

    >>> odds, truth = np.array([[.9, .1], [.9, .1]]), np.array([[True, False], [False, True]])
    >>> found = score_probabilities(odds, truth, odds > .5, is_single=True, seed=1)
    >>> round(found.gap.value, 2), round(found.calibration.error.value, 2)
    (0.4, 0.4)
    """
    if not probabilities.shape == truth.shape == predicted.shape or truth.ndim != 2:
        raise ValueError("probabilities, truth and predicted must be equal tables")
    if not len(truth):
        unknown = undefined(NOTHING_TESTED)
        return ProbabilityScores(unknown, unknown, Calibration(unknown, ()), unknown)
    surprise, squared = _losses(probabilities, truth, is_single=is_single)
    imagined = _of_no_knowledge(truth.shape[1], is_single=is_single)
    of_loss, of_brier = means(np.stack([surprise, squared], axis=1), imagined, seed=seed)
    exact = (
        log_loss(probabilities, truth.argmax(axis=1)) if is_single else binary_log_loss(probabilities, truth)
    )
    return ProbabilityScores(
        replace(exact, interval=of_loss.interval),
        replace(brier(probabilities, truth), interval=of_brier.interval),
        _calibration(probabilities, truth, predicted, is_single=is_single, seed=seed),
        _gap(probabilities, truth, predicted, seed=seed),
    )


def _losses(
    probabilities: NDArray[np.floating], truth: NDArray[np.bool_], *, is_single: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log loss and Brier score of each document: (n_documents,) each."""
    squared = ((probabilities - truth) ** 2).sum(axis=1)
    if is_single:
        of_truth = probabilities[np.arange(len(truth)), truth.argmax(axis=1)]
        return -np.log(np.clip(of_truth, _SMALLEST, 1.0)), squared
    of_truth = np.where(truth, probabilities, 1 - probabilities)
    return -np.log(np.clip(of_truth, _SMALLEST, 1.0)).mean(axis=1), squared


def _of_no_knowledge(n_classes: int, *, is_single: bool) -> NDArray[np.float64]:
    """Log loss and Brier score of a document about which the model knows nothing."""
    if is_single:
        return np.array([np.log(n_classes), 1 - 1 / n_classes])
    return np.array([np.log(2), n_classes / 4])


def _calibration(
    probabilities: NDArray[np.floating],
    truth: NDArray[np.bool_],
    predicted: NDArray[np.bool_],
    *,
    is_single: bool,
    seed: int,
) -> Calibration:
    if is_single:
        rows, answers = np.arange(len(truth)), predicted.argmax(axis=1)
        confidences = probabilities[rows, answers][:, None]
        is_right = truth[rows, answers][:, None]
    else:
        confidences, is_right = probabilities, truth
    found = calibration(confidences.ravel(), is_right.ravel(), N_BINS)
    return replace(found, error=_with_interval(found.error, confidences, is_right, seed))


def _with_interval(
    error: Measure, confidences: NDArray[np.floating], is_right: NDArray[np.bool_], seed: int
) -> Measure:
    """Documents are drawn; in each draw the error is that of its bins.

    Noise makes the measured error of an honest model larger than 0, and that of each draw larger still. The
    reverse percentile interval takes that excess off again; its lower end is 0 for an honest model.

    Source: Efron and Tibshirani (1993), "An introduction to the bootstrap", section 13.4.
    """
    n_documents = len(confidences)
    excess = np.zeros((n_documents, N_BINS + 1), dtype=np.float32)  # by bin; then how many there are
    places = np.clip((confidences * N_BINS).astype(np.int64), 0, N_BINS - 1)
    for place in range(N_BINS):
        excess[:, place] = np.where(places == place, confidences - is_right, 0.0).sum(axis=1)
    excess[:, N_BINS] = confidences.shape[1]
    documents = np.ones(n_documents, dtype=np.int64)
    sums = np.vstack([w @ excess for w in drawn_weights(documents, enough_resamples(n_documents), seed)])
    sums = sums[sums[:, -1] > 0].astype(np.float64)
    draws = np.abs(sums[:, :N_BINS]).sum(axis=1) / sums[:, N_BINS]
    low, high = np.quantile(draws, [0.025, 0.975])
    value = error.value or 0.0
    low, high = max(0.0, 2 * value - float(high)), max(0.0, 2 * value - float(low))
    return replace(error, interval=Interval(min(low, value), max(high, value)))


def _gap(
    probabilities: NDArray[np.floating],
    truth: NDArray[np.bool_],
    predicted: NDArray[np.bool_],
    *,
    seed: int,
) -> Measure:
    given = predicted.sum(axis=1)
    excess = np.where(predicted, probabilities - truth, 0.0).sum(axis=1)
    if not given.sum():
        return undefined(NOTHING_ANSWERED)
    table = np.stack([excess, given], axis=1).astype(np.float32)
    documents = np.ones(len(table), dtype=np.int64)
    sums = np.vstack([w @ table for w in drawn_weights(documents, enough_resamples(len(table)), seed)])
    sums = sums[sums[:, 1] > 0].astype(np.float64)
    value = float(excess.sum() / given.sum())
    return Measure(value, interval=corrected_interval(value, sums[:, 0] / sums[:, 1]))
