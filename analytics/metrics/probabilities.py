"""Proper scoring rules: can the model's probabilities be believed? Losses and calibration, with intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi, sqrt
from statistics import NormalDist

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
from analytics.metrics.intervals import CONFIDENCE
from analytics.metrics.means import mean_interval
from analytics.metrics.measures import Interval, Measure, gettext_noop, undefined

N_BINS = 10
MUCH = 0.95  # an imagined error costs more than this part of all errors would
NOTHING_ANSWERED = gettext_noop("The model predicted no class for any document.")
MAX_SURPRISE = float(-np.log(np.finfo(np.float64).eps))  # nats: probabilities of 0 are taken for the smallest
Imagined = tuple[tuple[float, float], tuple[float, float]]
_SMALLEST = float(np.finfo(np.float64).eps)
_NORMAL = NormalDist()
_REACH = _NORMAL.inv_cdf((1 + CONFIDENCE) / 2)


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
) -> ProbabilityScores:
    """All of it, with intervals.

    probabilities, truth, predicted : (n_documents, n_classes); for one class a document, one True a row
    Raises ValueError when shapes differ.

    >>> odds, truth = np.array([[.9, .1], [.9, .1]]), np.array([[True, False], [False, True]])
    >>> scores = score_probabilities(odds, truth, odds > .5, is_single=True)
    >>> round(scores.gap.value, 2), round(scores.calibration.error.value, 2)
    (0.4, 0.4)
    """
    if not probabilities.shape == truth.shape == predicted.shape or truth.ndim != 2:
        raise ValueError("probabilities, truth and predicted must be equal tables")
    if not len(truth):
        unknown = undefined(NOTHING_TESTED)
        return ProbabilityScores(unknown, unknown, Calibration(unknown, ()), unknown)
    surprise, squared = _losses(probabilities, truth, is_single=is_single)
    imagined = (_imagined_single if is_single else _imagined_multi)(probabilities.astype(np.float64))
    exact = (
        log_loss(probabilities, truth.argmax(axis=1)) if is_single else binary_log_loss(probabilities, truth)
    )
    maximum = 2.0 if is_single else float(truth.shape[1])
    confidences, is_right = _judged(probabilities, truth, predicted, is_single=is_single)
    measured = calibration(confidences.ravel(), is_right.ravel(), N_BINS)
    error = calibration_interval(
        measured.error.value or 0.0, _excess_by_bin(confidences, is_right), confidences.ravel()
    )
    excess = np.where(predicted, probabilities - truth, 0.0).sum(axis=1)
    return ProbabilityScores(
        replace(exact, interval=mean_interval(surprise, imagined=imagined[0], bounds=(0.0, MAX_SURPRISE))),
        replace(
            brier(probabilities, truth),
            interval=mean_interval(squared, imagined=imagined[1], bounds=(0.0, maximum)),
        ),
        replace(measured, error=replace(measured.error, interval=error)),
        gap_of(excess, predicted.sum(axis=1), float(probabilities[predicted].sum())),
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


def _imagined_single(probabilities: NDArray[np.float64]) -> Imagined:
    """Log loss and Brier score of two more documents: the likeliest class is right, or a costly one."""
    n_classes = probabilities.shape[1]
    surprise = -np.log(np.clip(probabilities, _SMALLEST, 1.0))
    squared = (probabilities**2).sum(axis=1, keepdims=True) + 1 - 2 * probabilities
    is_likeliest = np.arange(n_classes) == probabilities.argmax(axis=1)[:, None]
    scores = [
        (
            float(table[is_likeliest].mean()),
            float(np.quantile(table[~is_likeliest], MUCH)) if n_classes > 1 else 1.0,
        )
        for table in (surprise, squared)
    ]
    return scores[0], scores[1]


def _imagined_multi(probabilities: NDArray[np.float64]) -> Imagined:
    """The same where a document may have several classes: all as is likeliest, and one of them otherwise.

    The second is no better than a document of which the model knows nothing.
    """
    n_classes = probabilities.shape[1]
    likely = np.clip(np.maximum(probabilities, 1 - probabilities), _SMALLEST, 1 - _SMALLEST)
    well = float(-np.log(likely).mean()), float(((1 - likely) ** 2).sum(axis=1).mean())
    much = float(np.quantile(likely, MUCH))
    otherwise = float(np.log(much / (1 - much))) / n_classes, 2 * much - 1
    return (
        (well[0], max(well[0] + otherwise[0], float(np.log(2)))),
        (well[1], max(well[1] + otherwise[1], n_classes / 4)),
    )


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
    bins = np.clip((confidences * N_BINS).astype(np.int64), 0, N_BINS - 1)
    cells = np.repeat(np.arange(n_documents), width) * N_BINS + bins.ravel()
    excess = np.bincount(cells, weights=(confidences - is_right).ravel(), minlength=n_documents * N_BINS)
    return excess.astype(np.float64).reshape(n_documents, N_BINS)


def calibration_interval(
    error: float, excess: NDArray[np.float64], confidences: NDArray[np.floating]
) -> Interval:
    """Interval of the calibration error, inside [0, 1]; its lower end is 0 for an honest model.

    error : as measured; excess : (n_documents, N_BINS) probability that each document has too much
    confidences : (n_cases,) the probabilities that are judged

    Noise makes the measured error of an honest model larger than 0: by the mean of a folded normal law in
    each bin, as far as the bin's excess could be noise. It is taken off for the lower end, half of it for the
    other one.

    Source: Leone, Nelson and Nottingham (1961), "The folded normal distribution"; the excess of the plain
    estimate as in Roelofs et al. (2022), "Mitigating bias in calibration error estimation".
    """
    cases, confidence = len(confidences), float(confidences.mean())
    sums = excess.sum(axis=0)
    deviations = np.sqrt(_varied(excess))
    real = np.sqrt(np.maximum(sums**2 - deviations**2, 0.0))
    noise = float((_folded_mean(real, deviations) - real).sum()) / cases
    together = float(_varied(excess @ np.where(sums < 0, -1.0, 1.0)))
    reach = _REACH * sqrt(together + confidence**2 + (1 - confidence) ** 2) / cases
    low = max(0.0, error - noise - reach)
    return Interval(min(low, error), min(1.0, error + max(reach - noise / 2, reach / 10)))


def _varied(excess: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of the sum over documents: (n_documents, ...) to (...)."""
    varied: NDArray[np.float64] = (excess**2).sum(axis=0) - excess.sum(axis=0) ** 2 / len(excess)
    return np.maximum(varied, 0.0)


def _folded_mean(means: NDArray[np.float64], deviations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the absolute value of normal numbers."""
    steps = np.divide(means, deviations, out=np.zeros_like(means), where=deviations > 0)
    density = np.exp(-(steps**2) / 2) / sqrt(2 * pi)
    below = np.array([_NORMAL.cdf(-step) for step in steps.tolist()])
    folded: NDArray[np.float64] = 2 * deviations * density + means * (1 - 2 * below)
    return np.where(deviations > 0, folded, means)


def gap_of(excess: NDArray[np.float64], n_predicted: NDArray[np.integer], confidence: float) -> Measure:
    """Mean probability of the given classes minus the share of them that are right.

    excess, n_predicted : (n_documents,) probability that the given classes of each have too much, and their
    number
    confidence : the probabilities of all given classes together
    """
    count = int(n_predicted.sum())
    if not count:
        return undefined(NOTHING_ANSWERED)
    mean = confidence / count
    interval = mean_interval(excess, n_predicted, imagined=(mean - 1, mean), bounds=(-1.0, 1.0))
    return Measure(float(excess.sum()) / count, interval=interval)
