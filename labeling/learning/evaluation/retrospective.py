"""Retrospective replay: a labeled pool, labeled anew in memory. What would another strategy have saved?

The same features, experts and selection as in the service, batch by batch: the learning curve of a strategy.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import process_time

import numpy as np

from labeling.learning.arrays.types import AnyArray, Flags, Floats, Integers
from labeling.learning.classifiers.auxiliary import AuxiliaryData
from labeling.learning.classifiers.committee import Committee
from labeling.learning.evaluation.scores import Quality, quality_of_flags
from labeling.learning.query_strategies.class_weights import (
    prequential_f1,
    prequential_label_f1,
    weak_class_weights,
)
from labeling.learning.query_strategies.cold_start import start_head
from labeling.learning.query_strategies.head_builder import one_of_each_first, select_head
from labeling.learning.query_strategies.mix import (
    HeadEntry,
    Mix,
    SelectionTargets,
    Share,
    Strategy,
    rare_classes,
)
from labeling.learning.query_strategies.pool_scores import score_rows
from labeling.learning.text.near_duplicates import Candidates
from labeling.learning.text.rows import Rows

CommitteeFit = Callable[..., Committee]  # `fit_committee` or `fit_plain`
# From a model and the labels of each class so far to shares of the head.
Needs = Callable[[Committee, Integers], Mapping[int, float]]
# From the row numbers labeled so far, in order, and which of them were drawn at random, to the shares from
# now on; None for the usual ones.
Control = Callable[[Integers, Flags], Mix | None]


@dataclass(frozen=True)
class KnownPool:
    """A pool whose answers are all known, and what it is tested on.

    rows : Rows of n documents, their positions rising
    labels : (n,) class numbers, or (n, n_classes) bool for several labels per document
    auxiliary : what the experts may use besides the labels
    test, test_labels : documents that are never chosen
    groups : (n,) of near-duplicates, see `near_duplicates.join_new`: one of each comes before the others;
        None where that does not matter
    """

    rows: Rows
    labels: AnyArray
    n_classes: int
    auxiliary: AuxiliaryData
    test: Rows
    test_labels: AnyArray
    groups: Integers | None = None

    @property
    def is_single(self) -> bool:
        """Whether each document has one class."""
        return self.labels.ndim == 1

    @property
    def positions(self) -> Integers:
        """(n,) where the documents stand in the store: what the selection knows them by."""
        assert self.rows.positions is not None
        return self.rows.positions

    def numbers(self, positions: Integers) -> Integers:
        """The row numbers of these documents."""
        return np.searchsorted(self.positions, positions)

    def candidates(self, labeled: Integers) -> Candidates:
        """What can be chosen after these row numbers have been labeled."""
        is_open = np.ones(len(self.rows), dtype=bool)
        is_open[labeled] = False
        groups = np.arange(len(self.rows)) if self.groups is None else self.groups
        return Candidates.of(groups, is_open, groups[labeled], self.positions)

    def vectors(self, positions: Integers) -> Floats:
        """Dense rows of these documents."""
        return self.rows.dense[self.numbers(positions)].astype(np.float32) * np.float32(self.rows.scale)


@dataclass(frozen=True)
class Step:
    """One place of a learning curve.

    labels : documents labeled so far; calibration : expected calibration error on the test documents
    seconds : processor time of the fit and the choice
    decided : what was decided of the test documents, in the shape of `KnownPool.labels`
    chosen : row numbers of the documents that this step labeled; is_random : which of them chance alone chose
    """

    labels: int
    quality: Quality
    calibration: float
    seconds: float
    decided: AnyArray
    chosen: Integers
    is_random: Flags


def replay(
    pool: KnownPool,
    fit: CommitteeFit,
    strategy: Strategy,
    *,
    budget: int,
    batch: int,
    seed: int,
    growth: float = 0.0,
    needs: Needs | None = None,
    control: Control | None = None,
) -> Iterator[Step]:
    """Label the pool batch by batch, as the strategy chooses; one step after each batch.

    fit : makes the committee, see `fitting.fit_committee`
    budget : documents to label; fewer where the pool is smaller
    growth : a batch is this share of what is labeled, where that is more than `batch`
    needs : what reports would ask of each choice; None for the engine's own estimate
    control : sets the shares before each choice; None for the usual ones
    """
    labeled, is_random = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
    order = np.random.default_rng(seed).permutation(len(pool.rows))
    predicted: list[tuple[AnyArray, AnyArray]] = []  # what was predicted of each batch, and what it was
    committee: Committee | None = None
    while len(labeled) < min(budget, len(pool.rows)):
        started = process_time()
        size = min(max(batch, int(growth * len(labeled))), budget - len(labeled))
        if strategy is Strategy.RANDOM:
            chosen, is_sampled = order[len(labeled) : len(labeled) + size], np.ones(size, dtype=bool)
        else:
            mix = control(labeled, is_random) if control else None
            chosen, is_sampled = _choose(
                pool, committee, strategy, labeled, predicted, size, seed, needs, mix
            )
        if committee is not None and committee.can_rank:
            decided = committee.decide(committee.probabilities(pool.rows.part(chosen)))
            predicted.append((decided, pool.labels[chosen]))
        labeled = np.concatenate([labeled, chosen])
        is_random = np.concatenate([is_random, is_sampled])
        rows = pool.rows.part(labeled)
        committee = fit(
            rows, pool.labels[labeled], pool.n_classes, auxiliary=pool.auxiliary, start=committee, seed=seed
        )
        seconds = process_time() - started
        yield _step(pool, committee, len(labeled), seconds, chosen, is_sampled)


def _step(
    pool: KnownPool, committee: Committee, labels: int, seconds: float, chosen: Integers, is_random: Flags
) -> Step:
    probabilities = committee.probabilities(pool.test)
    decided = committee.decide(probabilities)
    quality = quality_of_flags(decided, _flags(pool.test_labels, pool.n_classes))
    error = calibration_error(probabilities, pool.test_labels) if pool.is_single else 0.0
    shaped = decided.argmax(axis=1).astype(np.int16) if pool.is_single else decided
    return Step(labels, quality, error, seconds, shaped, chosen, is_random)


def _choose(
    pool: KnownPool,
    committee: Committee | None,
    strategy: Strategy,
    labeled: Integers,
    predicted: list[tuple[AnyArray, AnyArray]],
    size: int,
    seed: int,
    needs: Needs | None,
    mix: Mix | None,
) -> tuple[Integers, Flags]:
    """The row numbers of the next documents, and which of them the random share drew."""
    draw = seed * 100_003 + len(labeled)
    if committee is None or not committee.can_rank:

        def choose(is_candidate: Flags, count: int) -> Sequence[HeadEntry]:
            candidates = pool.positions[is_candidate]
            return start_head(candidates, pool.vectors, size=count, batch=size, seed=draw)

    else:
        scores = score_rows(pool.rows, committee, strategy is Strategy.DISAGREEMENT)
        selection_targets = _selection_targets(pool, labeled, predicted, mix or Mix.usual(pool.n_classes))
        if needs is not None:
            selection_targets = _with_needs(selection_targets, pool, labeled, committee, needs)

        def choose(is_candidate: Flags, count: int) -> Sequence[HeadEntry]:
            return select_head(
                scores.keep(is_candidate),
                pool.vectors,
                pool.n_classes,
                strategy=strategy,
                selection_targets=selection_targets,
                size=count,
                batch=size,
                labeled=pool.positions[labeled],
                seed=draw,
            )

    entries = one_of_each_first(pool.candidates(labeled), size, choose)
    chosen = pool.numbers(np.array([entry.position for entry in entries], dtype=np.int64))
    return chosen, np.array([entry.share is Share.RANDOM for entry in entries], dtype=bool)


def _with_needs(
    selection_targets: SelectionTargets,
    pool: KnownPool,
    labeled: Integers,
    committee: Committee,
    needs: Needs,
) -> SelectionTargets:
    """Shares of the classes by measured needs in place of quotas by their weakness."""
    counts = _flags(pool.labels[labeled], pool.n_classes).sum(axis=0)
    return replace(
        selection_targets,
        weakness=np.zeros(pool.n_classes),
        needs=needs(committee, counts),
        target_classes=rare_classes(counts) if pool.is_single else frozenset(),
    )


def _selection_targets(
    pool: KnownPool, labeled: Integers, predictions: list[tuple[AnyArray, AnyArray]], mix: Mix
) -> SelectionTargets:
    """As the service makes them: quotas by prequential F1, and no share for what a replay does not have."""
    flags = _flags(pool.labels[labeled], pool.n_classes)
    counts = flags.sum(axis=0)
    predicted = np.concatenate([flags_of for flags_of, _ in predictions]) if predictions else flags[:0]
    true_labels = (
        _flags(np.concatenate([flags_of for _, flags_of in predictions]), pool.n_classes)
        if predictions
        else flags[:0]
    )
    if pool.is_single:
        f1 = prequential_f1(predicted.argmax(axis=1), true_labels.argmax(axis=1), pool.n_classes)
    else:
        f1 = prequential_label_f1(predicted, true_labels)
    shares = Mix(mix.random, (1 - mix.random) * mix.weak_part, 0.0, 0.0)
    return SelectionTargets(weakness=weak_class_weights(f1, counts), mix=shares)


def _flags(labels: AnyArray, n_classes: int) -> AnyArray:
    flags: AnyArray = labels if labels.ndim == 2 else np.eye(n_classes, dtype=bool)[labels]
    return flags


def calibration_error(probabilities: Floats, labels: Integers, n_bins: int = 15) -> float:
    """How far confidence is from being right, on average: expected calibration error, in [0, 1].

    probabilities : (n, n_classes); labels : (n,)

    Source: Guo et al. (2017), fifteen bins of equal width.

    >>> calibration_error(np.array([[.75, .25]] * 4), np.array([0, 0, 0, 1]))
    0.0
    """
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * n_bins).astype(np.int64), n_bins - 1)
    sizes = np.maximum(np.bincount(bins, minlength=n_bins), 1)
    gaps = np.bincount(bins, weights=confidence - is_right, minlength=n_bins) / sizes
    return float(np.abs(gaps) @ (np.bincount(bins, minlength=n_bins) / max(len(labels), 1)))
