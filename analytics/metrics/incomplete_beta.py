"""Incomplete beta function and its quantiles: the law of a share, where no SciPy is loaded."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma, log, log1p, pi, sqrt

import numpy as np

_MAX_STEPS, _TOLERANCE, _TINY = 200, 1e-13, 1e-300
_NEAR = 1e-6  # a step of Newton's shorter than this, relatively, has left an error of its square
_QUADRATURE_CASES = 3_000  # from which on a fraction needs hundreds of terms, and the law is nearly normal
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_REACH = 9.0  # standard deviations: beyond them lies less than 1e-17


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The chance that a share under the beta law of a and b is at most x, all of them above 0.

    Source: Press et al. (2007), "Numerical recipes", 6.4: Lentz's continued fraction; with many cases on both
    sides Gauss and Legendre's quadrature of the density.

    >>> round(incomplete_beta(2, 3, 0.4), 4)
    0.5248
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if min(a, b) > _QUADRATURE_CASES:
        return _by_quadrature(a, b, x)
    if x * (a + b + 2) > a + 1:
        return 1 - incomplete_beta(b, a, 1 - x)
    return exp(log_density(a, b, x)) * x * (1 - x) * _fraction(a, b, x) / a


def log_density(a: float, b: float, x: float) -> float:
    """Logarithm of the density of the beta law at x in (0, 1), without cancellation for large a and b."""
    mean, others = a / (a + b), b / (a + b)
    peak = 1.5 * log(a + b) - 0.5 * log(2 * pi * a * b)  # of the density at the mean
    rest = _stirling_rest(a + b) - _stirling_rest(a) - _stirling_rest(b)
    return peak + rest + (a - 1) * _log_ratio(x, mean) + (b - 1) * _log_ratio(1 - x, others)


def beta_quantile(a: float, b: float, probability: float) -> float:
    """The share at which `incomplete_beta` has that probability.

    >>> round(beta_quantile(8, 3, 0.025), 4)
    0.4439
    """
    return root(
        lambda share: (incomplete_beta(a, b, share) - probability, exp(log_density(a, b, share))),
        a / (a + b),
    )


def root(rising: Callable[[float], tuple[float, float]], start: float) -> float:
    """Where a rising function of a share is 0, by Newton's steps that stay where the root must be.

    rising : its value and its slope at a share in (0, 1)
    """
    low, high = 0.0, 1.0
    share = min(max(start, 1e-12), 1 - 1e-12)
    for _ in range(_MAX_STEPS):
        value, slope = rising(share)
        low, high = (low, share) if value > 0 else (share, high)
        nearer = share - value / slope if slope > _TINY else low
        is_newton = low < nearer < high
        if not is_newton:
            nearer = (low + high) / 2
        share, before = nearer, share
        if abs(share - before) <= (_NEAR * share * (1 - share) if is_newton else _TOLERANCE):
            break
    return share


def _log_ratio(share: float, mean: float) -> float:
    return log1p((share - mean) / mean) if 2 * share > mean else log(share) - log(mean)


def _stirling_rest(z: float) -> float:
    """What Stirling's formula leaves of the logarithm of the gamma function."""
    if z < 100:
        return lgamma(z) - ((z - 0.5) * log(z) - z + 0.5 * log(2 * pi))
    return (1 / 12 - (1 / 360 - 1 / (1_260 * z * z)) / (z * z)) / z


def _fraction(a: float, b: float, x: float) -> float:
    lower = value = 1 / (1 - (a + b) * x / (a + 1) or _TINY)
    upper = 1.0
    for step in range(1, 10_000):
        behind = a + 2 * step
        for part in (
            step * (b - step) * x / ((behind - 1) * behind),
            -(a + step) * (a + b + step) * x / (behind * (behind + 1)),
        ):
            lower = 1 / (1 + part * lower or _TINY)
            upper = 1 + part / upper or _TINY
            value *= lower * upper
        if abs(lower * upper - 1) < 1e-14:
            break
    return value


def _by_quadrature(a: float, b: float, x: float) -> float:
    """From x to where nothing is left, on its own side of the mean."""
    mean = a / (a + b)
    reach = _REACH * sqrt(mean * (1 - mean) / (a + b + 1))
    end = max(0.0, min(x, mean) - reach) if x < mean else min(1.0, max(x, mean) + reach)
    points = (x + end) / 2 + (end - x) / 2 * _NODES
    densities = [exp(log_density(a, b, float(point))) if 0 < point < 1 else 0.0 for point in points]
    area = abs(end - x) / 2 * float(np.dot(_WEIGHTS, densities))
    return area if x < mean else 1 - area
