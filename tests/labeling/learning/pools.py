"""Invented pools, and documents of theirs that hold a seed word."""

import numpy as np

from labeling.learning.query_strategies.mix import SeedWordMatches
from labeling.learning.query_strategies.pool_scores import PoolScores, top_two
from labeling.learning.text.lsa import unit_rows


def pool(count, n_classes, seed=0):
    """Scores and vectors of an invented pool whose positions have gaps."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(n_classes, 0.4), size=count)
    classes, values = top_two(probabilities.T)
    ordered = np.sort(probabilities, axis=1)
    uncertainty = 1 - (ordered[:, -1] - (ordered[:, -2] if n_classes > 1 else 0))
    positions = np.sort(rng.choice(count * 3 + 1, count, replace=False))
    scores = PoolScores(positions, classes, values, uncertainty.astype(np.float32), rng.random(count))
    dense = unit_rows(rng.normal(size=(count * 3 + 1, 8)))
    return scores, lambda indices: dense[indices]


def matching(positions, rank=0):
    """Matches of one seed word at these positions, in an invented order."""
    shuffled = np.random.default_rng(rank).permutation(positions)
    scores = np.linspace(1, 0.1, len(shuffled)).astype(np.float32)
    return SeedWordMatches(shuffled, scores, tuple(("refund",) for _ in shuffled))
