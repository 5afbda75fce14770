"""Mean intervals: how far a mean over documents can be trusted. Closed forms, also where all are alike."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.intervals import CONFIDENCE, EXACT, effective_interval
from analytics.metrics.measures import Interval

_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
_INSIDE = 1e-9  # how near to a bound an estimate may come


def mean_interval(
    sums: NDArray[np.floating],
    sizes: NDArray[np.number] | None = None,
    *,
    imagined: tuple[float, float],
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Interval:
    """Interval of a mean over documents, or over the cases of documents.

    sums : (n_documents,) what each document adds, at least one document
    sizes : (n_documents,) cases of each, 1 unless told; cases of one document go wrong together
    imagined : what two more cases would add, one that turned out well and one that did not: documents that
        all come out alike do not make a mean certain
    bounds : between which each case lies

    >>> interval = mean_interval(np.array([0.0, 0.2] * 20), imagined=(0.0, 1.0))
    >>> round(interval.low, 2), round(interval.high, 2)
    (0.06, 0.18)
    """
    lowest, width = bounds[0], bounds[1] - bounds[0]
    cases = np.ones(len(sums)) if sizes is None else sizes.astype(np.float64)
    scaled = (np.append(sums, imagined) - lowest * np.append(cases, [1, 1])) / width
    cases = np.append(cases, [1, 1])
    whole = float(cases.sum())
    value = float(scaled[:-2].sum()) / (whole - 2)
    center = min(max(float(scaled.sum()) / whole, _INSIDE), 1 - _INSIDE)
    variance = float(((scaled - center * cases) ** 2).sum()) / whole**2
    effective = effective_interval(
        min(max(value, 0.0), 1.0), center, max(variance * _of_few(cases), _INSIDE**2), edge=EXACT
    )
    return Interval(lowest + width * effective.low, lowest + width * effective.high)


def _of_few(cases: NDArray[np.float64]) -> float:
    """By how much a variance from few documents has to be larger: the square of Student's t over normal."""
    freedom = max(float(cases.sum() ** 2 / (cases**2).sum()) - 2, 1.0)
    return (1 + (_Z**2 + 1) / (4 * freedom)) ** 2
