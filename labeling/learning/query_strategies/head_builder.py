"""Head builder: the head grows block by block. Each share chooses documents; in a block they take turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from labeling.learning.arrays.clustering import k_means
from labeling.learning.arrays.types import Flags, Floats, Integers
from labeling.learning.query_strategies.class_candidates import (
    by_held_class,
    by_predicted_class,
    likely_of_class,
)
from labeling.learning.query_strategies.class_weights import quotas
from labeling.learning.query_strategies.herding import herd
from labeling.learning.query_strategies.mix import (
    HeadEntry,
    Mix,
    SelectionTargets,
    Share,
    Strategy,
    interleave,
)
from labeling.learning.query_strategies.pool_scores import PoolScores
from labeling.learning.query_strategies.seed_words import varied_matches
from labeling.learning.text.near_duplicates import Candidates

LIKELIEST = 4  # candidates per place for a class with few labels: with more, too few of them are of it
SPREAD = 10  # candidates per place from which k-means chooses
MAX_CANDIDATES = 4_000  # beyond, k-means would cost more than it spreads
MAX_FOCUS_SHARE = 0.8  # of the head, for all wishes of managers together: the rest keeps the model honest
MAX_SHARE_OF_REST = (
    0.7  # for needs, of what focus, random documents and seed words leave: doubt gets the rest
)


class HeadBuilder:
    """The head while it grows. Rows are indices into `scores`."""

    def __init__(
        self,
        scores: PoolScores,
        vectors: Callable[[Integers], Floats],
        n_classes: int,
        strategy: Strategy,
        selection_targets: SelectionTargets,
        size: int,
        seed: int,
        *,
        is_of_spans: bool = False,
    ) -> None:
        self.is_of_spans = is_of_spans
        self.scores, self.vectors, self.n_classes = scores, vectors, n_classes
        self.strategy, self.selection_targets, self.size = strategy, selection_targets, size
        self.rng = np.random.default_rng(seed)
        self.entries: list[HeadEntry] = []
        self.near: Floats | None = None
        is_vote = strategy is Strategy.DISAGREEMENT
        self.mix = selection_targets.mix or Mix.usual(n_classes)
        self.informativeness = scores.disagreement if is_vote else scores.margin
        self.order = np.argsort(-self.informativeness, kind="stable")
        group = by_held_class if is_of_spans else by_predicted_class
        is_default = strategy is Strategy.DEFAULT
        self.by_class = group(scores, self.order, n_classes) if is_default else []
        self.n_reserved: dict[int | str, int] = {}  # places so far of each focus, and of all seed words
        self.needed: Counter[int] = Counter()  # places so far of each need
        # A random start of each, so that small needs have their turn in the first places of a head too.
        self.starts = {label_class: float(self.rng.random()) for label_class in selection_targets.needs}
        self.is_free = np.ones(len(scores), dtype=bool)
        # Drawn before anything else is chosen, so that every document has the same chance.
        self.sampled = self.rng.permutation(len(scores))[: round(self.random_share * size)]
        self.propensity = len(self.sampled) / max(len(scores), 1)
        self.is_free[self.sampled] = False
        self.next_sampled = 0

    @property
    def random_share(self) -> float:
        if self.strategy is Strategy.RANDOM:
            return 1.0
        return self.mix.random if self.strategy is Strategy.DEFAULT else 0.0

    def add_block(self, size: int) -> None:
        """Choose the next `size` documents from all shares and let the shares take turns."""
        groups = [self._focus(label_class, size) for label_class in sorted(self.selection_targets.focus)]
        taken = sum(map(len, groups))
        groups.append(self._random(min(size - taken, self._random_due(size))))
        groups += self._seeded(size, size - taken - len(groups[-1]))
        left = size - sum(map(len, groups))
        needed = self._needed(size, int(left * MAX_SHARE_OF_REST)) if self.by_class else []
        left -= sum(map(len, needed))
        groups += needed
        if self.strategy is Strategy.DEFAULT and not self.is_of_spans:
            spread = self._spread(left - self._quota(left, sum(map(len, needed))))
            groups += [spread, self._weak(left - len(spread))]
        elif self.strategy is Strategy.HERDING:
            groups.append(self._herd(left))
        chosen = sum(map(len, groups))
        groups.append(self._plain(size - chosen))  # whatever the other shares could not fill
        if sum(map(len, groups)) < size:  # only documents reserved for the random share are left
            groups.append(self._random(size - sum(map(len, groups))))
        self.entries += interleave(groups)

    def _quota(self, left: int, needed: int) -> int:
        """Places of the weak classes' part that needs have not taken; none where they say it all."""
        weakness = self.selection_targets.weakness
        if weakness is not None and not weakness.any():
            return 0
        return max(0, int((left + needed) * self.mix.weak_part) - needed)

    def _needed(self, size: int, limit: int) -> list[list[HeadEntry]]:
        """Documents that may be of the classes in need, at their shares; the neediest class first."""
        groups: list[list[HeadEntry]] = []
        for label_class, share in sorted(
            self.selection_targets.needs.items(), key=lambda item: (-item[1], item[0])
        ):
            due = int(share * (len(self.entries) + size) + self.starts[label_class])
            count = min(max(due - self.needed[label_class], 0), limit - sum(map(len, groups)))
            choose = (
                self._likeliest if label_class in self.selection_targets.target_classes else self._uncertain
            )
            groups.append(choose(label_class, count))
            self.needed[label_class] += len(groups[-1])
        return groups

    def _uncertain(self, label_class: int, size: int) -> list[HeadEntry]:
        """Predicted to be of a class or to hold a span of it, the least certain first."""
        rows = self.by_class[label_class]
        rows = rows[self.is_free[rows]][:size]
        return [self._entry(row, Share.WEAK_CLASS, label_class=label_class) for row in rows]

    def _likeliest(self, label_class: int, size: int) -> list[HeadEntry]:
        """The likeliest of a class with few labels, different from each other."""
        likely = self._likely(label_class)[: LIKELIEST * size]
        chosen = self._one_of_each(likely, size, Share.WEAK_CLASS, label_class)
        return [replace(entry, is_rare_class=True) for entry in chosen]

    def _likely(self, label_class: int) -> Integers:
        """Rows that may be of a class, the likeliest first."""
        rows, _ = likely_of_class(self.scores, label_class, len(self.scores))
        return rows[self.is_free[rows]]

    def _random_due(self, size: int) -> int:
        """Random places of this block: the share of all places so far, less those already given."""
        until = round(self.random_share * (len(self.entries) + size))
        return max(0, min(until, len(self.sampled)) - self.next_sampled)

    def _random(self, size: int) -> list[HeadEntry]:
        rows = self.sampled[self.next_sampled : self.next_sampled + size]
        self.next_sampled += len(rows)
        return [self._entry(row, Share.RANDOM, propensity=self.propensity) for row in rows]

    def _plain(self, size: int) -> list[HeadEntry]:
        share = Share.DISAGREEMENT if self.strategy is Strategy.DISAGREEMENT else Share.MARGIN
        return [self._entry(row, share) for row in self._best(size)]

    def _spread(self, size: int) -> list[HeadEntry]:
        """The most uncertain document of each cluster of the most uncertain ones."""
        rows = self._best(min(SPREAD * size, max(MAX_CANDIDATES, 2 * size)))
        return self._one_of_each(rows, size, Share.MARGIN, None)

    def _focus(self, label_class: int, size: int) -> list[HeadEntry]:
        """Documents likely to be of a class, different from each other, the least certain of each kind."""
        share = self.selection_targets.focus[label_class] * min(
            1, MAX_FOCUS_SHARE / sum(self.selection_targets.focus.values())
        )
        count = round(share * (len(self.entries) + size)) - self.n_reserved.get(label_class, 0)
        count = min(max(count, 0), int(MAX_FOCUS_SHARE * size))
        rows = self._likely(label_class)[: SPREAD * count]
        chosen = self._one_of_each(rows, count, Share.FOCUS, label_class)
        self.n_reserved[label_class] = self.n_reserved.get(label_class, 0) + len(chosen)
        return chosen

    def _seeded(self, size: int, limit: int) -> list[list[HeadEntry]]:
        """Documents that hold seed words, the classes that have some in equal parts."""
        if self.strategy is not Strategy.DEFAULT or not self.selection_targets.seeds:
            return []
        due = round(self.mix.seed_words * (len(self.entries) + size)) - self.n_reserved.get("seeds", 0)
        count = min(max(due, 0), limit)
        groups: list[list[HeadEntry]] = []
        for number, (label_class, matches) in enumerate(sorted(self.selection_targets.seeds.items())):
            part = -(-(count - sum(map(len, groups))) // (len(self.selection_targets.seeds) - number))
            chosen = varied_matches(matches, self._is_open, part, self.vectors)
            rows = np.searchsorted(self.scores.positions, matches.positions[chosen])
            groups.append(
                [
                    self._entry(
                        row, Share.SEED_WORDS, label_class=label_class, seed_words=matches.words[index]
                    )
                    for row, index in zip(rows, chosen, strict=True)
                ]
            )
        self.n_reserved["seeds"] = self.n_reserved.get("seeds", 0) + sum(map(len, groups))
        return groups

    def _is_open(self, positions: Integers) -> Flags:
        """Which positions are among the scored documents and not yet chosen."""
        rows = np.searchsorted(self.scores.positions, positions).clip(max=len(self.scores) - 1)
        is_open: Flags = (self.scores.positions[rows] == positions) & self.is_free[rows]
        return is_open

    def _one_of_each(
        self, rows: Integers, size: int, share: Share, label_class: int | None
    ) -> list[HeadEntry]:
        if size <= 0 or len(rows) == 0:
            return []
        vectors = self.vectors(self.scores.positions[rows])
        clusters = k_means(vectors, size, int(self.rng.integers(2**31)))
        rows_by_need = np.argsort(-self.informativeness[rows], kind="stable")
        _, firsts = np.unique(clusters[rows_by_need], return_index=True)
        sizes = np.bincount(clusters)
        return [
            self._entry(rows[i], share, label_class=label_class, cluster_size=int(sizes[clusters[i]]))
            for i in rows_by_need[np.sort(firsts)]
        ]

    def _weak(self, size: int) -> list[HeadEntry]:
        """By quota per predicted class, the smallest margin first inside a class."""
        open_rows = [rows[self.is_free[rows]] for rows in self.by_class]
        even = np.full(self.n_classes, 1 / self.n_classes)
        weights = even if self.selection_targets.weakness is None else self.selection_targets.weakness
        counts = quotas(weights, np.array([len(rows) for rows in open_rows]), size)
        weak = [
            [self._entry(row, Share.WEAK_CLASS, label_class=number) for row in rows[:count]]
            for number, (rows, count) in enumerate(zip(open_rows, counts.tolist(), strict=True))
        ]
        return interleave(weak)

    def _herd(self, size: int) -> list[HeadEntry]:
        rows = self._best(min(SPREAD * size, MAX_CANDIDATES))
        sample = self.rng.permutation(len(self.scores))[:1_000]
        chosen = herd(
            self.vectors(self.scores.positions[sample]),
            self.informativeness[sample],
            self.vectors(self.scores.positions[rows]),
            self.near,
            size,
        )
        vectors = self.vectors(self.scores.positions[rows[chosen]])
        self.near = vectors if self.near is None else np.concatenate([self.near, vectors])
        return [self._entry(row, Share.HERDING) for row in rows[chosen]]

    def _best(self, size: int) -> Integers:
        return self.order[self.is_free[self.order]][: max(size, 0)]

    def _entry(
        self,
        row: int,
        share: Share,
        *,
        label_class: int | None = None,
        cluster_size: int | None = None,
        propensity: float | None = None,
        seed_words: tuple[str, ...] = (),
    ) -> HeadEntry:
        self.is_free[row] = False
        is_class = self.scores.classes[row] >= 0
        return HeadEntry(
            position=int(self.scores.positions[row]),
            share=share,
            informativeness=float(self.informativeness[row]),
            classes=tuple(self.scores.classes[row][is_class].tolist()),
            probabilities=tuple(self.scores.probabilities[row][is_class].tolist()),
            label_class=label_class,
            cluster_size=cluster_size,
            propensity=propensity,
            seed_words=seed_words,
        )


HEAD_SIZE = 2_000  # entries: a few hours of a team's work
BATCH = 20  # size of the first block
ROUNDS = 3  # in which groups of near-duplicates are chosen by their frequency, the last one of them in turn


def select_head(
    scores: PoolScores,
    vectors: Callable[[Integers], Floats],
    n_classes: int,
    *,
    strategy: Strategy = Strategy.DEFAULT,
    selection_targets: SelectionTargets | None = None,
    size: int = HEAD_SIZE,
    batch: int = BATCH,
    labeled: Integers | None = None,
    is_of_spans: bool = False,
    seed: int = 0,
) -> list[HeadEntry]:
    """Choose and order the head.

    scores : of the eligible documents only (not labeled, not test, not excluded)
    vectors : positions (m,) to dense rows (m, d), such as `FeatureStore.dense`
    batch : documents labeled between two re-rankings; the first block has this size
    labeled : (m,) positions with labels, which herding keeps away from
    is_of_spans : every class that was found in a document counts for it, and by default what needs leave goes
        to doubt alone: the spread by k-means cost up to .05 of F1 at 2,000 tokens and gained nothing certain
        later, and a quota of weak classes was never measured
    returns : at most `size` entries of distinct documents, best first; fewer where the pool is smaller
    """
    head = HeadBuilder(
        scores,
        vectors,
        n_classes,
        strategy,
        selection_targets or SelectionTargets(),
        min(size, len(scores)),
        seed,
        is_of_spans=is_of_spans,
    )
    if strategy is Strategy.HERDING and labeled is not None:
        head.near = vectors(labeled)
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
            chosen = choose(is_candidate, size - len(entries))
            rows = candidates.rows(np.array([entry.position for entry in chosen], dtype=np.int64))
            _, firsts = np.unique(candidates.groups[rows], return_index=True)
            entries += [chosen[index] for index in np.sort(firsts).tolist()]
            is_left[rows[firsts]] = False
            is_candidate = candidates.without_groups_of(is_candidate, rows)
    if len(entries) < size and is_left.any():
        entries += choose(is_left, size - len(entries))
    return entries
