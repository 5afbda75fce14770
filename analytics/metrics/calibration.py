"""Calibration: do the model's probabilities mean what they say?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.measures import Measure, gettext_noop, undefined

NOTHING_TESTED = gettext_noop("The test set has no labeled documents yet.")
_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Bin:
    """Documents of similar confidence. A calibrated model has confidence = share_right."""

    low: float
    high: float
    n_documents: int
    confidence: float  # mean, 0 to 1
    share_right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far confidence and truth are apart, bin by bin; empty bins are left out.

    error : expected calibration error, 0 (honest) to 1
    """

    error: Measure
    bins: tuple[Bin, ...]


def calibration(
    confidences: NDArray[np.floating], is_right: NDArray[np.bool_], n_bins: int = 10
) -> Calibration:
    """Expected calibration error over bins of equal width.

    confidences : (n_documents,) probability that the model gave its answer
    is_right : (n_documents,) whether the answer was right

    Source: Guo et al. (2017), "On calibration of modern neural networks". Depends on the bins: compare models
    by `log_loss` or `brier`, and use this to see where the confidence goes wrong.

    >>> round(calibration(np.array([.95, .95, .65, .65]), np.array([True, True, True, False])).error.value, 3)
    0.1
    """
    if confidences.shape != is_right.shape or confidences.ndim != 1:
        raise ValueError(
            f"confidences {confidences.shape} and is_right {is_right.shape} must be equal and flat"
        )
    if not len(confidences):
        return Calibration(undefined(NOTHING_TESTED), ())
    bin_of = np.clip((confidences * n_bins).astype(np.int64), 0, n_bins - 1)
    sizes = np.bincount(bin_of, minlength=n_bins)
    confidence = np.bincount(bin_of, weights=confidences, minlength=n_bins)
    right = np.bincount(bin_of, weights=is_right, minlength=n_bins)
    bins = tuple(
        Bin(at / n_bins, (at + 1) / n_bins, size, float(confidence[at]) / size, float(right[at]) / size)
        for at, size in enumerate(sizes.tolist())
        if size
    )
    return Calibration(Measure(float(np.abs(confidence - right).sum()) / len(confidences)), bins)


def brier(probabilities: NDArray[np.floating], truth: NDArray[np.bool_]) -> Measure:
    """Mean squared error of the probabilities, summed over classes: 0 best; 2 worst where one class is true.

    probabilities, truth : (n_documents, n_classes); for one class a document truth is one-hot

    Source: Brier (1950), "Verification of forecasts expressed in terms of probability".

    >>> round(brier(np.array([[.8, .2], [.4, .6]]), np.array([[True, False], [True, False]])).value, 3)
    0.4
    """
    _check_tables(probabilities, truth)
    if not len(truth):
        return undefined(NOTHING_TESTED)
    return Measure(float(np.mean(np.sum((probabilities - truth) ** 2, axis=1))))


def log_loss(probabilities: NDArray[np.floating], truth: NDArray[np.integer]) -> Measure:
    """Mean surprise at the true class in nats: 0 best, log(n_classes) for a model that knows nothing.

    probabilities : (n_documents, n_classes), rows sum to 1
    truth : (n_documents,) places of classes

    >>> round(log_loss(np.array([[.8, .2], [.4, .6]]), np.array([0, 0])).value, 3)
    0.57
    """
    if probabilities.ndim != 2 or truth.shape != probabilities.shape[:1]:
        raise ValueError(f"probabilities {probabilities.shape} and truth {truth.shape} do not fit")
    if not len(truth):
        return undefined(NOTHING_TESTED)
    of_truth = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return Measure(float(-np.log(np.clip(of_truth, _SMALLEST, 1.0)).mean()))


def binary_log_loss(probabilities: NDArray[np.floating], truth: NDArray[np.bool_]) -> Measure:
    """Mean surprise over all (document, class) pairs in nats, where a document may have several classes.

    probabilities, truth : (n_documents, n_classes); each probability stands for itself

    >>> round(binary_log_loss(np.array([[.8, .4]]), np.array([[True, False]])).value, 3)
    0.367
    """
    _check_tables(probabilities, truth)
    if not truth.size:
        return undefined(NOTHING_TESTED)
    of_truth = np.where(truth, probabilities, 1 - probabilities)
    return Measure(float(-np.log(np.clip(of_truth, _SMALLEST, 1.0)).mean()))


def _check_tables(probabilities: NDArray[np.floating], truth: NDArray[np.bool_]) -> None:
    if probabilities.shape != truth.shape or truth.ndim != 2:
        raise ValueError(f"probabilities {probabilities.shape} and truth {truth.shape} must be equal tables")
