"""Span pool scores: what a tagger says of every document of a pool, in the numbers that choose the head."""

import numpy as np

from labeling.learning.arrays.types import Doubles, Integers
from labeling.learning.query_strategies.annotation_cost import Cost, per_second
from labeling.learning.query_strategies.pool_scores import PoolScores
from labeling.learning.sequence.crf import Sequences
from labeling.learning.sequence.token_blocks import TokenBlock

TIE = 1e-4  # of the uncertainty that orders documents which two models tag alike


def pool_scores(
    positions: Integers, predicted: Sequences, cost: Cost, disagreement: Doubles | None = None
) -> PoolScores:
    """Scores of documents for `selection.select_head`: the margin is uncertainty per second of work.

    positions : (n,) places in the feature store
    disagreement : (n,) from `changed_tags`; without it the uncertainty stands in
    """
    doubt = per_second(predicted.log_likelihoods, predicted.token_counts, cost)
    other = doubt
    if disagreement is not None:
        other = disagreement / cost.seconds(predicted.token_counts) + TIE * doubt
    return PoolScores(
        positions,
        predicted.classes,
        predicted.probabilities,
        doubt.astype(np.float32),
        other.astype(np.float32),
    )


def changed_tags(block: TokenBlock, predicted: Sequences, earlier: Sequences) -> Doubles:
    """How many tokens of each document two models of the same classes tag otherwise: (n,)."""
    is_changed = np.concatenate([[0], np.cumsum(predicted.tags != earlier.tags)])
    bounds = block.segments[block.documents]
    changed: Doubles = (is_changed[bounds[1:]] - is_changed[bounds[:-1]]).astype(np.float64)
    return changed
