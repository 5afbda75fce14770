"""Learning-curve extrapolation: which curves fit what was measured, and what they say of more labels.

A curve is taken to be S-shaped over the logarithm of the labels and to end at a ceiling: it begins slowly;
at its upper end the error falls as a power of the labels. Every ceiling and steepness of a grid is weighed by
how well it fits and by what is usual; what they say of the future is spread accordingly. Nothing is promised:
with a ceiling below the target, labels of this kind never reach it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from labeling.learning.arrays.types import Doubles

MIN_POINTS = 5  # models of a curve, at different numbers of labels
MIN_GROWTH = 1.5  # from its first to its last number of labels
MAX_POINTS = 8  # of a fit: models that follow each other closely are no evidence of their own
STEEPS = np.geomspace(0.15, 2.5, 18)  # of the logit of a value, per logarithm of labels
CEILINGS = np.linspace(0.02, 1.0, 16)  # parts of the way from the best value so far to 1
NODES = np.array([NormalDist().inv_cdf((index + 0.5) / 9) for index in range(9)])  # of a normal law
STEPS = 8  # of Newton's method
CONFIDENCE = 0.95
ENDS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)

RECENT = 0.5  # a model of half the labels counts 2 ** -RECENT as much


@dataclass(frozen=True, slots=True)
class CurvePrior:
    """What curves are usually like.

    steep, spread : the middle steepness, and its spread in logarithms
    hope : power of the part of the way to 1 at which ceilings are expected: most texts can be learned
    wobble, freedom : variance about the curve beyond that of the errors given, and how sure that is
    """

    steep: float
    spread: float
    hope: float
    wobble: float
    freedom: float = 2.0


# Chosen such that the intervals held on curves of eight public data sets (docs/benchmarks.md).
USUAL = CurvePrior(steep=0.8, spread=0.6, hope=3.0, wobble=6.0)


@dataclass(frozen=True, slots=True)
class Points:
    """A learning curve as it was measured: what each model had, and how good it was.

    labels : (n,) rising; values : (n,) in [0, 1]; errors : (n,) standard errors, of the test set's size
    """

    labels: Doubles
    values: Doubles
    errors: Doubles

    @property
    def told(self) -> Points:
        """Those that say something: with labels, a value and its error."""
        is_told = (self.labels > 0) & np.isfinite(self.values) & (self.errors > 0)
        return Points(self.labels[is_told], self.values[is_told], self.errors[is_told])

    @property
    def growth(self) -> float:
        """From the first to the last number of labels; 0 without points."""
        return float(self.labels.max() / self.labels.min()) if len(self.labels) else 0.0


@dataclass(frozen=True, slots=True)
class CurveFit:
    """Curves that fit, and how much each weighs: (n_curves,) each. Weights sum to 1.

    middles : logarithm of the labels at half of the ceiling
    """

    ceilings: Doubles
    steeps: Doubles
    middles: Doubles
    weights: Doubles
    start: float  # labels of the newest model

    def at(self, labels: Sequence[float]) -> list[tuple[float, float, float]]:
        """Value, low and high at so many labels. Shape: as many as `labels`; values in [0, 1]."""
        return [self._spread(self._value(count)) for count in labels]

    def gain(self, more: float) -> tuple[float, float, float]:
        """How much better a model with so many more labels is: mean, low and high."""
        change = self._value(self.start + more) - self._value(self.start)
        _, low, high = self._spread(change)
        return float(change @ self.weights), low, high

    def needed(self, target: float) -> Doubles:
        """Labels that each curve takes to the target, infinite where its ceiling is below: (n_curves,)."""
        share = np.clip(target / self.ceilings, 1e-9, 1 - 1e-9)
        with np.errstate(over="ignore"):
            labels: Doubles = np.exp(np.minimum(self.middles + np.log(share / (1 - share)) / self.steeps, 50))
        return np.where(self.ceilings > target, labels, np.inf)

    def _value(self, labels: float) -> Doubles:
        return curve_values(np.log(labels), self.ceilings, self.steeps, self.middles)

    def _spread(self, values: Doubles) -> tuple[float, float, float]:
        middle, low, high = quantiles(values, self.weights, (0.5, *ENDS))
        return float(middle), float(low), float(high)


def fit_curve(points: Points) -> CurveFit | None:
    """Weigh curves by the points.

    points : one a model, or more; models that are close together are put together
    returns : None with fewer than `MIN_POINTS` numbers of labels, or where they grew less than `MIN_GROWTH`

    Source: Figueroa et al. (2012), "Predicting sample size required for classification performance", for fits
    by weights; Viering and Loog (2023), "The shape of learning curves: a review", for the shapes.

    >>> labels = np.array([50., 100, 200, 400, 800])
    >>> fit = fit_curve(Points(labels, 1 - 2 * labels ** -.5, np.full(5, .01)))
    >>> [round(end, 2) for end in fit.at([1_600])[0]]
    [0.95, 0.92, 0.97]
    >>> fit_curve(Points(labels[:3], labels[:3] / 1e3, np.full(3, .01))) is None
    True
    """
    told = points.told
    if len(np.unique(told.labels)) < MIN_POINTS or told.growth < MIN_GROWTH:
        return None
    joined = _put_together(told.labels, told.values, told.errors)
    return _weighed(*joined, float(points.labels.max()))


def _weighed(labels: Doubles, values: Doubles, errors: Doubles, start: float) -> CurveFit:
    """Every curve of the grid, weighed: the doubt of its middle is a normal law, in NODES pieces."""
    weights = errors**-2.0 * (labels / labels[-1]) ** RECENT
    best = min(float(np.average(values[-3:], weights=weights[-3:])), 0.999)
    ceilings = ceilings_above(best)
    fitted = profile(np.log(labels), values, weights, ceilings)
    log_weights = log_prior(USUAL) + fitted.log_likelihood(USUAL)
    chances = np.exp(log_weights - log_weights.max())
    return CurveFit(
        np.repeat(ceilings, len(NODES)),
        np.repeat(GRID_STEEPS, len(NODES)),
        (fitted.middles[:, None] + fitted.spread(USUAL)[:, None] * NODES).ravel(),
        np.repeat(chances / chances.sum() / len(NODES), len(NODES)),
        start,
    )


def quantiles(values: Doubles, weights: Doubles, shares: Sequence[float]) -> Doubles:
    """Weighted quantiles: (n_places,), each one of the values.

    >>> quantiles(np.array([3., 1, 2]), np.array([.1, .8, .1]), [.5, .95])
    array([1., 3.])
    """
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    values_at: Doubles = values[order][np.minimum(np.searchsorted(total, shares), len(values) - 1)]
    return values_at


def _put_together(labels: Doubles, values: Doubles, errors: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """At most MAX_POINTS points, evenly spread over the logarithm of the labels."""
    edges = np.geomspace(labels.min(), labels.max() * (1 + 1e-9), MAX_POINTS + 1)
    bins = np.clip(np.searchsorted(edges, labels, side="right") - 1, 0, MAX_POINTS - 1)
    groups = [bins == number for number in np.unique(bins)]
    return (
        np.array([np.exp(np.log(labels[group]).mean()) for group in groups]),
        np.array([values[group].mean() for group in groups]),
        np.array([errors[group].mean() for group in groups]),
    )


GRID_HOPES, GRID_STEEPS = (part.ravel() for part in np.meshgrid(CEILINGS, STEEPS, indexing="ij"))
"""The grid of curves: (n_curves,) each."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Where each curve of the grid fits best, how its misfit bends there, and the misfit: (..., n_curves)."""

    middles: Doubles
    bends: Doubles
    misfit: Doubles
    n_points: int

    def log_likelihood(self, prior: CurvePrior) -> Doubles:
        """Of each curve, with its middle and the variance about it integrated out."""
        freedom = self.n_points + prior.freedom
        likelihood: Doubles = -(freedom - 1) / 2 * np.log(self._doubt(prior)) - np.log(self.bends) / 2
        return likelihood

    def spread(self, prior: CurvePrior) -> Doubles:
        """Standard deviation of each curve's middle."""
        spread: Doubles = np.sqrt(self._doubt(prior) / (self.n_points + prior.freedom) / self.bends)
        return spread

    def _doubt(self, prior: CurvePrior) -> Doubles:
        return prior.wobble * prior.freedom + self.misfit


def ceilings_above(best: Doubles | float) -> Doubles:
    """Ceilings of the grid above the best values so far: of shape (...,) to (..., n_curves)."""
    least = np.asarray(best, dtype=np.float64)[..., None]
    ceilings: Doubles = least + (1 - least) * GRID_HOPES
    return ceilings


def log_prior(prior: CurvePrior) -> Doubles:
    """How usual each curve of the grid is: (n_curves,)."""
    usual: Doubles = (
        prior.hope * np.log(GRID_HOPES) - 0.5 * (np.log(GRID_STEEPS / prior.steep) / prior.spread) ** 2
    )
    return usual


def curve_values(x: Doubles | float, ceilings: Doubles, steeps: Doubles, middles: Doubles) -> Doubles:
    """Curves at the logarithm of labels; all shapes are broadcast."""
    values: Doubles = ceilings / (1 + np.exp(-np.clip(steeps * (x - middles), -40, 40)))
    return values


def profile(x: Doubles, values: Doubles, weights: Doubles, ceilings: Doubles) -> Profile:
    """Fit the middle of every curve of the grid.

    x : (n_points,) logarithms of labels; values : (..., n_points); weights : (n_points,)
    ceilings : (..., n_curves) from `ceilings_above`
    """
    c, k, steeps, values = ceilings[..., None], GRID_STEEPS[:, None], GRID_STEEPS, values[..., None, :]
    share = np.clip(values[..., -1] / ceilings, 0.01, 0.99)
    middles = x[-1] - np.log(share / (1 - share)) / steeps
    for _ in range(STEPS):
        predicted = curve_values(x, c, k, middles[..., None])
        slope = -k * predicted * (1 - predicted / c)
        bends = (weights * slope**2).sum(axis=-1) + 1e-9
        step = (weights * slope * (values - predicted)).sum(axis=-1) / bends
        middles = middles + np.clip(step, -1 / steeps, 1 / steeps)
    misfit = (weights * (values - curve_values(x, c, k, middles[..., None])) ** 2).sum(axis=-1)
    return Profile(middles, bends, misfit, len(x))
