"""What does a tagger say of every document of a pool, in the numbers that the head is chosen by?"""

from collections.abc import Callable

import numpy as np

from labeling.learning.arrays import Doubles, Floats, Integers
from labeling.learning.cost import Cost, per_second
from labeling.learning.crf import Sequences
from labeling.learning.mix import HeadEntry, Mix, Share, Strategy, Wishes, interleave
from labeling.learning.scoring import PoolScores
from labeling.learning.selection import select_head
from labeling.learning.token_blocks import TokenBlock

TIE = 1e-4  # of the uncertainty that orders documents which two models tag alike


def pool_scores(
    positions: Integers, said: Sequences, cost: Cost, disagreement: Doubles | None = None
) -> PoolScores:
    """Scores of documents for `selection.select_head`: the margin is uncertainty per second of work.

    positions : (n,) places in the feature store
    disagreement : (n,) from `changed_tags`; without it the uncertainty stands in
    """
    doubt = per_second(said.log_likelihoods, said.token_counts, cost)
    other = doubt
    if disagreement is not None:
        other = disagreement / cost.seconds(said.token_counts) + TIE * doubt
    return PoolScores(
        positions, said.classes, said.probabilities, doubt.astype(np.float32), other.astype(np.float32)
    )


def select_span_head(
    scores: PoolScores,
    vectors: Callable[[Integers], Floats],
    n_classes: int,
    *,
    strategy: Strategy,
    wishes: Wishes,
    size: int,
    batch: int,
    labelled: Integers | None = None,
    seed: int = 0,
) -> list[HeadEntry]:
    """Choose and order the head as `selection.select_head` does, with a default of its own.

    By default a random share, a manager's focus, what classes need, and else doubt alone: the spread by
    k-means cost up to .05 of F1 at 2,000 tokens and gained nothing certain later.
    Near-duplicates are left out before.
    """
    if strategy is not Strategy.DEFAULT:
        return select_head(
            scores, vectors, n_classes,
            strategy=strategy, size=size, batch=batch, labelled=labelled, seed=seed,
        )  # fmt: skip
    size = min(size, len(scores))
    share = (wishes.mix or Mix.usual(n_classes)).random
    drawn = np.random.default_rng(seed).permutation(len(scores))[: round(share * size)]
    is_free = np.ones(len(scores), dtype=bool)
    is_free[drawn] = False
    chance = len(drawn) / max(len(scores), 1)
    at_random = [HeadEntry(int(scores.positions[n]), Share.RANDOM, propensity=chance) for n in drawn]
    chosen = select_head(
        scores.keep(is_free),
        vectors,
        n_classes,
        strategy=Strategy.MARGIN,
        wishes=Wishes(focus=wishes.focus, mix=wishes.mix, needs=wishes.needs),
        size=size - len(drawn),
        batch=batch,
        seed=seed,
    )
    return interleave([at_random, chosen])


def changed_tags(block: TokenBlock, said: Sequences, earlier: Sequences) -> Doubles:
    """How many tokens of each document two models of the same classes tag otherwise: (n,)."""
    is_changed = np.concatenate([[0], np.cumsum(said.tags != earlier.tags)])
    bounds = block.segments[block.documents]
    changed: Doubles = (is_changed[bounds[1:]] - is_changed[bounds[:-1]]).astype(np.float64)
    return changed
