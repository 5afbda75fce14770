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
from analytics.metrics.classification import divide
from analytics.metrics.measures import Interval, Measure, gettext_noop, undefined
from analytics.metrics.resampling import corrected_interval, drawn_sums, measured_means

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
    losses = np.stack(_losses(probabilities, truth, is_single=is_single), axis=1)
    confidences, is_right = _judged(probabilities, truth, predicted, is_single=is_single)
    excess = _excess_by_bin(confidences, is_right)
    given = np.stack(
        [np.where(predicted, probabilities - truth, 0.0).sum(axis=1), predicted.sum(axis=1)], axis=1
    )
    table = np.column_stack([losses, excess, given])
    imagined = np.append(_of_no_knowledge(truth.shape[1], is_single=is_single), np.zeros(N_BINS + 2))
    sums = drawn_sums(np.vstack([table, imagined]), seed=seed)
    with_imagined = np.vstack([losses, imagined[:2]])
    of_loss, of_brier = measured_means(losses, with_imagined, sums[:, :2] / sums[:, -1:])
    named = truth.argmax(axis=1)
    exact = log_loss(probabilities, named) if is_single else binary_log_loss(probabilities, truth)
    found = calibration(confidences.ravel(), is_right.ravel(), N_BINS)
    errors = np.abs(sums[:, 2 : 2 + N_BINS]).sum(axis=1) / (sums[:, -1] * confidences.shape[1])
    return ProbabilityScores(
        replace(exact, interval=of_loss.interval),
        replace(brier(probabilities, truth), interval=of_brier.interval),
        replace(found, error=error_with_interval(found.error, errors)),
        gap_of(given, sums[:, -3:-1]),
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


def _judged(
    probabilities: NDArray[np.floating],
    truth: NDArray[np.bool_],
    predicted: NDArray[np.bool_],
    *,
    is_single: bool,
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Which probabilities are held against the truth: (n_documents, 1) answers, or all pairs."""
    if not is_single:
        return probabilities, truth
    rows, answers = np.arange(len(truth)), predicted.argmax(axis=1)
    return probabilities[rows, answers][:, None], truth[rows, answers][:, None]


def _excess_by_bin(confidences: NDArray[np.floating], is_right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How much probability each document has too much, by bin: (n_documents, N_BINS)."""
    n_documents, width = confidences.shape
    places = np.clip((confidences * N_BINS).astype(np.int64), 0, N_BINS - 1)
    cells = np.repeat(np.arange(n_documents), width) * N_BINS + places.ravel()
    excess = np.bincount(cells, weights=(confidences - is_right).ravel(), minlength=n_documents * N_BINS)
    return excess.astype(np.float64).reshape(n_documents, N_BINS)


def error_with_interval(error: Measure, draws: NDArray[np.float64]) -> Measure:
    """Noise makes the measured error of an honest model larger than 0, and that of each draw larger still.

    The reverse percentile interval takes that excess off again; its lower end is 0 for an honest model.

    Source: Efron and Tibshirani (1993), "An introduction to the bootstrap", section 13.4.
    """
    value = error.value or 0.0
    low, high = (2 * value - float(end) for end in np.quantile(draws, [0.975, 0.025]))
    return replace(error, interval=Interval(min(max(0.0, low), value), max(high, value)))


def gap_of(given: NDArray[np.float64], sums: NDArray[np.float64]) -> Measure:
    """From the excess and the number of given classes, of each document and of each draw: (…, 2) each."""
    excess, count = given.sum(axis=0).tolist()
    if not count:
        return undefined(NOTHING_ANSWERED)
    return Measure(
        excess / count, interval=corrected_interval(excess / count, divide(sums[:, 0], sums[:, 1]))
    )
