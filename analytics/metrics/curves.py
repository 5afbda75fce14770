"""Labels remaining: how many labels are left to a target, by where the learning curve goes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analytics.metrics.measures import Interval, Measure, gettext_noop, undefined
from labeling.learning.evaluation.curve_extrapolation import (
    ENDS,
    MIN_GROWTH,
    MIN_POINTS,
    CurveFit,
    Points,
    fit_curve,
    quantiles,
)

MAX_EXTRAPOLATION_FACTOR = 10  # as many labels as now: farther off, nothing can be said

TOO_FEW_MODELS = gettext_noop("Fewer than five models have been evaluated on test documents.")
TOO_LITTLE_GROWTH = gettext_noop(
    "The number of labels has not grown by half since the first evaluated model."
)


class TargetStatus(StrEnum):
    """What a curve says of its target."""

    REACHED = "reached"  # the newest model measured it
    AHEAD = "ahead"  # so many labels are left
    FAR = "far"  # not at this rate: more than MAX_EXTRAPOLATION_FACTOR as many labels, or never
    UNKNOWN = "unknown"  # too little to go on


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a curve goes on to.

    more : labels from the newest model to the target; high is infinite where it may never come
    probability : of reaching the target with MAX_EXTRAPOLATION_FACTOR as many labels
    reason : why nothing can be said; "" where something can
    """

    standing: TargetStatus
    more: Measure
    probability: float
    reason: str = ""


def labels_to(target: float, points: Points) -> tuple[Forecast, CurveFit | None]:
    """How many more labels it takes, and the fit that says so.

    target : of the value, in (0, 1]

    >>> labels = np.array([50., 100, 200, 400, 800])
    >>> points = Points(labels, 1 - 2 * labels ** -.5, np.full(5, .01))
    >>> forecast, _ = labels_to(.94, points)
    >>> forecast.standing, round(forecast.more.value, -1)
    (<TargetStatus.AHEAD: 'ahead'>, 430.0)
    >>> labels_to(.9, points)[0].standing, labels_to(.999, points)[0].standing
    (<TargetStatus.REACHED: 'reached'>, <TargetStatus.FAR: 'far'>)
    """
    fit = fit_curve(points)
    if len(points.values) and points.values[-1] >= target:
        return Forecast(TargetStatus.REACHED, Measure(0.0), 1.0), fit
    if fit is None:
        reason = why_not(points)
        return Forecast(TargetStatus.UNKNOWN, undefined(reason), 0.0, reason), None
    more = np.maximum(fit.needed(target) - fit.start, 0)
    weights = fit.weights
    limit = (MAX_EXTRAPOLATION_FACTOR - 1) * fit.start
    probability = float(weights[more <= limit].sum())
    middle, low, high = (float(end) for end in quantiles(more, weights, (0.5, *ENDS)))
    high = high if high <= limit else np.inf
    interval = Interval(low, high)
    if middle > limit:
        return Forecast(TargetStatus.FAR, Measure(None, interval=interval), probability), fit
    return Forecast(TargetStatus.AHEAD, Measure(middle, interval=interval), probability), fit


def why_not(points: Points) -> str:
    """Why no curve can be fitted; "" where one can."""
    told = points.told
    if len(np.unique(told.labels)) < MIN_POINTS:
        return TOO_FEW_MODELS
    return TOO_LITTLE_GROWTH if told.growth < MIN_GROWTH else ""
