"""Batch selection: who labels what next, as far as mathematics can say. The head, mixed from named shares.

The head is built in blocks that double, the first as large as one batch: each block is chosen as if it were
the next batch, so whatever part of the head is labelled before the next re-ranking was a good batch. One
seed, one head.
"""

from collections.abc import Callable, Sequence

import numpy as np

from labeling.learning.arrays import Flags, Floats, Integers
from labeling.learning.growing import GrowingHead
from labeling.learning.mix import HeadEntry, Strategy, Wishes
from labeling.learning.near_duplicates import Candidates
from labeling.learning.scoring import PoolScores

HEAD_SIZE = 2_000  # entries: a few hours of a team's work
BATCH = 20  # size of the first block
ROUNDS = 3  # in which groups of near-duplicates are chosen by their frequency, the last one of them in turn


def select_head(
    scores: PoolScores,
    vectors: Callable[[Integers], Floats],
    n_classes: int,
    *,
    strategy: Strategy = Strategy.DEFAULT,
    wishes: Wishes | None = None,
    size: int = HEAD_SIZE,
    batch: int = BATCH,
    labelled: Integers | None = None,
    is_of_spans: bool = False,
    seed: int = 0,
) -> list[HeadEntry]:
    """Choose and order the head.

    scores : of the eligible documents only (not labelled, not test, not excluded)
    vectors : positions (m,) to dense rows (m, d), such as `FeatureStore.dense`
    batch : documents labelled between two re-rankings; the first block has this size
    labelled : (m,) positions with labels, which herding keeps away from
    is_of_spans : every class that was found in a document counts for it, and by default what needs leave goes
        to doubt alone: the spread by k-means cost up to .05 of F1 at 2,000 tokens and gained nothing certain
        later, and a quota of weak classes was never measured
    returns : at most `size` entries of distinct documents, best first; fewer where the pool is smaller
    """
    head = GrowingHead(
        scores, vectors, n_classes, strategy, wishes or Wishes(), min(size, len(scores)), seed,
        is_of_spans=is_of_spans,
    )  # fmt: skip
    if strategy is Strategy.HERDING and labelled is not None:
        head.near = vectors(labelled)
    block = batch
    while len(head.entries) < head.size:
        head.add_block(min(block, head.size - len(head.entries)))
        block *= 2
    return head.entries


def one_of_each_first(
    candidates: Candidates, size: int, choose: Callable[[Flags, int], Sequence[HeadEntry]]
) -> list[HeadEntry]:
    """A head in which one of each group of near-duplicates stands before the others.

    First come documents whose group has no answer, then those of the other groups, one of each; then the
    rest. A group is chosen as often as its documents would be, so what is frequent comes early; whichever of
    them is chosen first stands for the group.

    choose : from candidates, (n,) bool, and a number to that many entries of them, best first
    """
    entries: list[HeadEntry] = []
    is_left = candidates.is_open.copy()
    for is_of_part in (~candidates.is_known, candidates.is_known):
        is_candidate = is_left & is_of_part
        for number in range(ROUNDS):
            if len(entries) >= size or not is_candidate.any():
                break
            if number == ROUNDS - 1:  # the groups are large: so that all others come too
                is_candidate = candidates.one_of_each(is_candidate)
            found = choose(is_candidate, size - len(entries))
            rows = candidates.rows(np.array([entry.position for entry in found], dtype=np.int64))
            _, firsts = np.unique(candidates.groups[rows], return_index=True)
            entries += [found[place] for place in np.sort(firsts).tolist()]
            is_left[rows[firsts]] = False
            is_candidate = candidates.without_groups_of(is_candidate, rows)
    if len(entries) < size and is_left.any():
        entries += choose(is_left, size - len(entries))
    return entries
