"""Chi-square test: do two sets of documents have the same mix of classes? Instead of a look at two bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 4_000  # a p-value of .05 is then known to within .007
_MAX_BATCH_DRAWS = 1_000_000  # numbers in one piece of work: 8 MB
_FIRST_DRAWS = 200  # of each look whether the p-value is sure to be large


@dataclass(frozen=True, slots=True)
class Mismatch:
    """How far two mixes are apart, and how often chance alone would bring them as far.

    statistic : Pearson's chi-square, 0 for equal mixes
    p_value : in (0, 1]; 1 where there is nothing to compare; rougher where `enough` ended the draws
    cramers_v : effect size, 0 for equal mixes to 1 for mixes without a common class; .1 is small, .3 middling
    residuals : (n_classes,) adjusted standardized residuals of the first set: beyond ±2 a class stands out,
        above 0 it is more frequent in the first; 0 where the class is in neither
    """

    statistic: float
    p_value: float
    cramers_v: float
    residuals: tuple[float, ...]


def mismatch(
    first: NDArray[np.integer],
    second: NDArray[np.integer],
    *,
    seed: int,
    draws: int = DRAWS,
    enough: float = 1.0,
) -> Mismatch:
    """Test whether two class counts come from one distribution.

    first, second : (n_classes,) documents of each class; documents are independent, spans of one are not
    seed : of the permutations: the same counts give the same p-value
    enough : p-value from which its size does not matter; draws end once all of them would not bring it below

    The p-value is that of a permutation test (documents change sides at random, all counts kept), so it holds
    for rare classes too, where the chi-square distribution does not.
    Raises ValueError for shapes that differ and negative counts.

    Source: Hope (1968), "A simplified Monte Carlo significance test procedure"; one is added to both counts
    as Phipson and Smyth (2010) show to be right. Effect size: Cramér (1946).

    >>> test = mismatch(np.array([90, 10]), np.array([60, 40]), seed=1)
    >>> round(test.statistic, 1), test.p_value < 0.001, round(test.cramers_v, 2)
    (24.0, True, 0.35)
    """
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"counts {first.shape} and {second.shape} must be equal and flat")
    if first.size and min(first.min(), second.min()) < 0:
        raise ValueError("counts are never negative")
    present = (first + second) > 0
    table = np.stack([first, second])[:, present].astype(np.float64)
    sizes = table.sum(axis=1)
    if sizes.min(initial=np.inf) == 0 or table.shape[1] < 2:
        return Mismatch(0.0, 1.0, 0.0, (0.0,) * len(first))
    statistic = float(_chi_square(table[:1], table.sum(axis=0), sizes)[0])
    residuals = np.zeros(len(first))
    residuals[present] = adjusted_residuals(table)[0]
    limit = int(np.ceil(enough * (1 + draws)))
    as_far, sampled = _sampled_as_far(table, statistic, draws, limit, np.random.default_rng(seed))
    return Mismatch(
        statistic,
        (1 + as_far) / (1 + sampled),
        float(np.sqrt(statistic / sizes.sum())),
        tuple(residuals.tolist()),
    )


def adjusted_residuals(table: NDArray[np.number]) -> NDArray[np.float64]:
    """How many standard errors each cell is away from what its row and column would make it.

    table : (n_rows, n_columns) counts
    returns : the same shape; about normal where rows and columns are independent; 0 where it is undefined

    Source: Haberman (1973), "The analysis of residuals in cross-classified tables".

    >>> adjusted_residuals(np.array([[30, 10], [10, 30]])).round(2)
    array([[ 4.47, -4.47], [-4.47, 4.47]])
    """
    counts = table.astype(np.float64)
    total = max(counts.sum(), 1.0)
    rows, columns = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)
    expected = rows * columns / total
    spread = np.sqrt(expected * (1 - rows / total) * (1 - columns / total))
    residuals = np.zeros(counts.shape)
    np.divide(counts - expected, spread, out=residuals, where=spread > 0)
    return residuals


def _chi_square(
    first: NDArray[np.float64], both: NDArray[np.float64], sizes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of each row of `first` against what is left of `both`: (n_rows,)."""
    expected = both * sizes[0] / sizes.sum()
    # Both sides are off by the same count, so their terms share the numerator.
    apart: NDArray[np.float64] = ((first - expected) ** 2 / expected).sum(axis=1) * sizes.sum() / sizes[1]
    return apart


def _sampled_as_far(
    table: NDArray[np.float64], statistic: float, draws: int, limit: int, random: np.random.Generator
) -> tuple[int, int]:
    """How many draws are as far apart, of how many: of all, or of those until `limit` were."""
    both, sizes = table.sum(axis=0), table.sum(axis=1)
    piece = _FIRST_DRAWS if limit < draws else draws
    piece = max(1, min(piece, _MAX_BATCH_DRAWS // len(both)))
    as_far = done = 0
    while done < draws and as_far < limit:
        size = min(piece, draws - done)
        sampled = random.multivariate_hypergeometric(
            both.astype(np.int64), int(sizes[0]), size=size, method="marginals"
        )
        statistics = _chi_square(sampled.astype(np.float64), both, sizes)
        as_far += int((statistics >= statistic * (1 - 1e-12)).sum())
        done += size
    return as_far, done
