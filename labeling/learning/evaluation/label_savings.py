"""Label savings: how many labels a query strategy saved, and how sure that is. From replayed learning curves.

Uncertain are the runs (another seed, another curve) and the test documents (another sample, another quality):
both are drawn again and again, and everything is read off each draw anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labeling.learning.arrays.f1_scores import f1_scores
from labeling.learning.arrays.types import AnyArray, Doubles, Flags, Floats, Integers

N_DRAWS = 400
CONFIDENCE = 0.95


@dataclass(frozen=True)
class QualityCurve:
    """One replay from the start to the last label.

    labels : (n_steps,) documents labeled after each step, rising
    decided : (n_steps, n_test) class numbers, or (n_steps, n_test, n_classes) bool, of the test documents
    """

    labels: Integers
    decided: AnyArray


@dataclass(frozen=True)
class Estimate:
    """A number with the interval that holds it with 95% confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class LabelSavings:
    """What the curves of several strategies say.

    labels : (n_points,) the numbers of labels at which `quality` is told
    full : macro F1 of all labels together
    quality : for each strategy, macro F1 at each of `labels`
    reached : for each strategy and share of `full`, labels after which it is reached
    saved : likewise, how many fewer than the baseline; negative where it took more
    """

    labels: list[int]
    full: Estimate
    quality: dict[str, list[Estimate]]
    reached: dict[str, dict[float, Estimate]]
    saved: dict[str, dict[float, Estimate]]


def estimate_savings(
    curves: Mapping[str, Sequence[QualityCurve]],
    truth: AnyArray,
    n_classes: int,
    *,
    baseline: str,
    shares: Sequence[float],
    seed: int,
) -> LabelSavings:
    """Read labels needed and saved off the curves, with intervals.

    curves : the runs of each strategy, all of them on the same pool and to the same last label
    truth : (n_test,) class numbers, or (n_test, n_classes) bool
    baseline : the strategy that the others are compared with
    shares : of the final quality

    Source: bootstrap of both samples (Efron 1979); of k runs k - 1 are drawn, which makes the variance of
    their mean unbiased where k is small (Rao and Wu 1988, "Resampling inference with complex survey data").
    """
    rng = np.random.default_rng(seed)
    weights = resampled_documents(len(truth), N_DRAWS, rng)
    grid = np.unique(np.concatenate([c.labels for runs in curves.values() for c in runs]))
    means = {
        name: _mean_of_runs([_on_grid(c, truth, n_classes, weights, grid) for c in runs], rng)
        for name, runs in curves.items()
    }
    full = np.mean([mean[:, -1] for mean in means.values()], axis=0)
    reached = {
        name: {share: labels_needed(grid, mean, share * full) for share in shares}
        for name, mean in means.items()
    }
    saved = {
        name: {share: reached[baseline][share] - needed for share, needed in by_target.items()}
        for name, by_target in reached.items()
        if name != baseline
    }
    return LabelSavings(
        grid.tolist(),
        estimate_of(full),
        {name: [estimate_of(column) for column in mean.T] for name, mean in means.items()},
        _estimates(reached),
        _estimates(saved),
    )


def labels_needed(labels: Integers, quality: Doubles, targets: Doubles) -> Doubles:
    """After how many labels does each curve reach its target for good, at two points running?

    labels : (n_points,) rising; quality : (n_curves, n_points); targets : (n_curves,)
    returns : (n_curves,) between two points on the straight line; the last number where it is never reached

    >>> labels_needed(np.array([10, 20, 30]), np.array([[.5, .7, .8]]), np.array([.6]))
    array([15.])
    """
    is_there = quality >= targets[:, None]
    stays = is_there & np.concatenate([is_there[:, 1:], np.ones((len(quality), 1), dtype=bool)], axis=1)
    first = np.where(stays.any(axis=1), stays.argmax(axis=1), len(labels) - 1)
    before = np.maximum(first - 1, 0)
    numbers = np.arange(len(quality))
    low, high = quality[numbers, before], quality[numbers, first]
    rise = np.maximum(high - low, 1e-12)
    part = np.clip((targets - low) / rise, 0, 1)
    part = np.where(high > low, part, 1.0)
    needed: Doubles = labels[before] + part * (labels[first] - labels[before])
    return needed


def resampled_documents(n_test: int, n_draws: int, rng: np.random.Generator) -> Floats:
    """(n_draws + 1, n_test): how often each test document counts; first once each, as it was measured."""
    sampled = rng.multinomial(n_test, np.full(n_test, 1 / n_test), size=n_draws)
    return np.concatenate([np.ones((1, n_test)), sampled]).astype(np.float32)


def _mean_of_runs(runs: list[Doubles], rng: np.random.Generator) -> Doubles:
    """(n_draws + 1, n_points): the mean of all runs first, then of some drawn with replacement."""
    stacked = np.stack(runs, axis=1)
    n_draws, n_runs = stacked.shape[:2]
    sampled = rng.integers(n_runs, size=(n_draws - 1, max(n_runs - 1, 1)))
    picked = stacked[1:][np.arange(n_draws - 1)[:, None], sampled].mean(axis=1)
    return np.concatenate([stacked[:1].mean(axis=1), picked])


def _on_grid(
    curve: QualityCurve, truth: AnyArray, n_classes: int, weights: AnyArray, grid: Integers
) -> Doubles:
    """(n_draws + 1, n_points): macro F1 of a run under each draw of the test documents."""
    quality = resampled_quality(curve.decided, truth, n_classes, weights)
    return np.stack([np.interp(grid, curve.labels, row) for row in quality])


def resampled_quality(decided: AnyArray, truth: AnyArray, n_classes: int, weights: AnyArray) -> Doubles:
    """(n_draws + 1, n_steps) macro F1 of each step under each draw of the test documents.

    decided, truth : as in `QualityCurve` and `estimate_savings`; weights : from `resampled_documents`
    """
    true_flags = _flags(truth, n_classes)
    support = weights @ true_flags.astype(np.float32)
    return np.stack(
        [_macro_f1(_flags(step, n_classes), true_flags, support, weights) for step in decided], axis=1
    )


def _macro_f1(decided: Flags, true_flags: Flags, support: AnyArray, weights: AnyArray) -> Doubles:
    """(n_draws,) mean F1 of the classes that were given or decided in a draw."""
    total = support + weights @ decided.astype(np.float32)
    f1 = f1_scores(weights @ (decided & true_flags).astype(np.float32), total)
    counted = total > 0
    macro_f1: Doubles = f1.sum(axis=1, dtype=np.float64) / np.maximum(counted.sum(axis=1), 1)
    return macro_f1


def _flags(labels: AnyArray, n_classes: int) -> Flags:
    return labels if labels.ndim == 2 else np.eye(n_classes, dtype=bool)[labels]


def _estimates(resampled: Mapping[str, Mapping[float, Doubles]]) -> dict[str, dict[float, Estimate]]:
    return {
        name: {share: estimate_of(x) for share, x in targets.items()} for name, targets in resampled.items()
    }


def estimate_of(labels: Doubles) -> Estimate:
    """From what was measured, first, and the draws after it."""
    value = float(labels[0])
    low, high = np.quantile(labels[1:], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(value, min(float(low), value), max(float(high), value))
