"""Learning-curve extrapolation: how many labels are left to a target, by what the curve did so far.

A curve is taken to be S-shaped over the logarithm of the labels and to end at a ceiling: it begins slowly;
at its upper end the error falls as a power of the labels. Every ceiling and steepness of a grid is weighed by
how well it fits and by what is usual; what they say of the future is spread accordingly. Nothing is promised:
with a ceiling below the target, labels of this kind never reach it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.intervals import CONFIDENCE
from analytics.metrics.measures import Interval, Measure, gettext_noop, undefined

Floats = NDArray[np.float64]

MIN_POINTS = 5  # models of a curve, at different numbers of labels
MIN_GROWTH = 1.5  # from its first to its last number of labels
MAX_EXTRAPOLATION_FACTOR = 10  # as many labels as now: farther off, nothing can be said
MAX_POINTS = 8  # of a fit: models that follow each other closely are no evidence of their own
STEEPS = np.geomspace(0.15, 2.5, 18)  # of the logit of a value, per logarithm of labels
CEILINGS = np.linspace(0.02, 1.0, 16)  # parts of the way from the best value so far to 1
NODES = np.array([NormalDist().inv_cdf((index + 0.5) / 9) for index in range(9)])  # of a normal law
STEPS = 8  # of Newton's method
ENDS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)

# What is usual, chosen such that the intervals held on curves of eight public data sets (docs/benchmarks.md).
USUAL_STEEP, STEEP_SPREAD = 0.8, 0.6  # the middle, and in logarithms
HOPE = 3.0  # power of the part of the way to 1 at which ceilings are expected: most texts can be learned
RECENT = 0.5  # a model of half the labels counts 2 ** -RECENT as much
WOBBLE, FREEDOM = (
    6.0,
    2.0,
)  # variance about the curve beyond that of the test set's size, and how sure that is

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
class Points:
    """A learning curve as it was measured: what each model had, and how good it was.

    labels : (n,) rising; values : (n,) in [0, 1]; errors : (n,) standard errors, of the test set's size
    """

    labels: Floats
    values: Floats
    errors: Floats


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


@dataclass(frozen=True, slots=True)
class CurveFit:
    """Curves that fit, and how much each weighs: (n_curves,) each. Weights sum to 1.

    middles : logarithm of the labels at half of the ceiling
    """

    ceilings: Floats
    steeps: Floats
    middles: Floats
    weights: Floats
    start: float  # labels of the newest model

    def at(self, labels: Sequence[float]) -> list[tuple[float, float, float]]:
        """Value, low and high at so many labels. Shape: as many as `labels`; values in [0, 1]."""
        return [self._spread(self._value(count)) for count in labels]

    def gain(self, more: float) -> Measure:
        """How much better a model with so many more labels is, with its interval."""
        change = self._value(self.start + more) - self._value(self.start)
        _, low, high = self._spread(change)
        return Measure(float(change @ self.weights), interval=Interval(low, high))

    def needed(self, target: float) -> Floats:
        """Labels that each curve takes to the target, infinite where its ceiling is below: (n_curves,)."""
        share = np.clip(target / self.ceilings, 1e-9, 1 - 1e-9)
        with np.errstate(over="ignore"):
            labels: Floats = np.exp(np.minimum(self.middles + np.log(share / (1 - share)) / self.steeps, 50))
        return np.where(self.ceilings > target, labels, np.inf)

    def _value(self, labels: float) -> Floats:
        return _curve(np.log(labels), self.ceilings, self.steeps, self.middles)

    def _spread(self, values: Floats) -> tuple[float, float, float]:
        middle, low, high = quantiles(values, self.weights, (0.5, *ENDS))
        return float(middle), float(low), float(high)


def fit_curve(points: Points) -> CurveFit | str:
    """Weigh curves by the points; or why not.

    points : one a model, or more; models that are close together are put together
    returns : the fit, or one of the reasons of this module

    Source: Figueroa et al. (2012), "Predicting sample size required for classification performance", for fits
    by weights; Viering and Loog (2023), "The shape of learning curves: a review", for the shapes.

    >>> labels = np.array([50., 100, 200, 400, 800])
    >>> fit = fit_curve(Points(labels, 1 - 2 * labels ** -.5, np.full(5, .01)))
    >>> [round(end, 2) for end in fit.at([1_600])[0]]
    [0.95, 0.92, 0.97]
    >>> fit_curve(Points(labels[:3], labels[:3] / 1e3, np.full(3, .01)))
    'Fewer than five models have been evaluated on test documents.'
    """
    is_told = (points.labels > 0) & np.isfinite(points.values) & (points.errors > 0)
    labels, values, errors = (part[is_told] for part in (points.labels, points.values, points.errors))
    if len(np.unique(labels)) < MIN_POINTS:
        return TOO_FEW_MODELS
    if labels.max() < MIN_GROWTH * labels.min():
        return TOO_LITTLE_GROWTH
    return _weighed(*_put_together(labels, values, errors), float(points.labels.max()))


def _weighed(labels: Floats, values: Floats, errors: Floats, start: float) -> CurveFit:
    """Every curve of the grid, weighed: the doubt of its middle is a normal law, in NODES pieces."""
    weights = errors**-2.0 * (labels / labels[-1]) ** RECENT
    best = min(float(np.average(values[-3:], weights=weights[-3:])), 0.999)
    hopes, steeps = (part.ravel() for part in np.meshgrid(CEILINGS, STEEPS, indexing="ij"))
    ceilings = best + (1 - best) * hopes
    middles, bends, misfit = _best_middles(np.log(labels), values, weights, ceilings, steeps)
    doubt, freedom = WOBBLE * FREEDOM + misfit, len(labels) + FREEDOM
    usual = HOPE * np.log(hopes) - 0.5 * (np.log(steeps / USUAL_STEEP) / STEEP_SPREAD) ** 2
    log_weights = usual - (freedom - 1) / 2 * np.log(doubt) - np.log(bends) / 2
    chances = np.exp(log_weights - log_weights.max())
    spread = np.sqrt(doubt / freedom / bends)
    return CurveFit(
        np.repeat(ceilings, len(NODES)),
        np.repeat(steeps, len(NODES)),
        (middles[:, None] + spread[:, None] * NODES).ravel(),
        np.repeat(chances / chances.sum() / len(NODES), len(NODES)),
        start,
    )


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
        return Forecast(TargetStatus.REACHED, Measure(0.0), 1.0), None if isinstance(fit, str) else fit
    if isinstance(fit, str):
        return Forecast(TargetStatus.UNKNOWN, undefined(fit), 0.0, fit), None
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


def quantiles(values: Floats, weights: Floats, shares: Sequence[float]) -> Floats:
    """Weighted quantiles: (n_places,), each one of the values.

    >>> quantiles(np.array([3., 1, 2]), np.array([.1, .8, .1]), [.5, .95])
    array([1., 3.])
    """
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    values_at: Floats = values[order][np.minimum(np.searchsorted(total, shares), len(values) - 1)]
    return values_at


def _put_together(labels: Floats, values: Floats, errors: Floats) -> tuple[Floats, Floats, Floats]:
    """At most MAX_POINTS points, evenly spread over the logarithm of the labels."""
    edges = np.geomspace(labels.min(), labels.max() * (1 + 1e-9), MAX_POINTS + 1)
    bins = np.clip(np.searchsorted(edges, labels, side="right") - 1, 0, MAX_POINTS - 1)
    groups = [bins == number for number in np.unique(bins)]
    return (
        np.array([np.exp(np.log(labels[group]).mean()) for group in groups]),
        np.array([values[group].mean() for group in groups]),
        np.array([errors[group].mean() for group in groups]),
    )


def _curve(x: Floats | float, ceilings: Floats, steeps: Floats, middles: Floats) -> Floats:
    values: Floats = ceilings / (1 + np.exp(-np.clip(steeps * (x - middles), -40, 40)))
    return values


def _best_middles(
    x: Floats, values: Floats, weights: Floats, ceilings: Floats, steeps: Floats
) -> tuple[Floats, Floats, Floats]:
    """Where each curve fits best, how its misfit bends there, and the misfit: (n_curves,) each."""
    c, k = ceilings[:, None], steeps[:, None]
    share = np.clip(values[-1] / ceilings, 0.01, 0.99)
    middles = x[-1] - np.log(share / (1 - share)) / steeps
    for _ in range(STEPS):
        predicted = _curve(x, c, k, middles[:, None])
        slope = -k * predicted * (1 - predicted / c)
        bends = (weights * slope**2).sum(axis=1) + 1e-9
        step = (weights * slope * (values - predicted)).sum(axis=1) / bends
        middles = middles + np.clip(step, -1 / steeps, 1 / steeps)
    misfit = (weights * (values - _curve(x, c, k, middles[:, None])) ** 2).sum(axis=1)
    return middles, bends, misfit
