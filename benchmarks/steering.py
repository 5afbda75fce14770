"""Steering effect on the weakest class. `./run bench steering --data NAME ... --seeds N --json`.

Known data sets, labeled batch by batch in memory, twice: with the needs that a report would write after each
training (`on`), and with the engine's own estimate of weak classes alone (`off`); `none` is doubt and random
documents without any share for classes. Each seed draws its own split: 45% are the pool, 10% write the
needs, 45% measure, so that rare classes are measured on more than a handful of documents. Features are
learned once, on all texts without their labels, as in a project. Of NAME@skewed every fourth class keeps a
tenth of its documents in the pool and among those that write needs; all of them measure.

The weakest class is the one whose F1 is lowest over the second half of the `off` curves, mean of all seeds,
among those that `MIN_MEASURED_DOCUMENTS` documents measure and that all labels teach to `MIN_F1`. Its target
is 90% of its F1 with all labels. The weakest quarter of these classes is told of too, by the mean of their
F1. A run that never gets there counts as the whole budget. This was laid down before the figures.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import django
import numpy as np

django.setup()

from analytics.metrics.classification import Counts, counts_multi, f1_values
from analytics.metrics.needs import needs
from benchmarks._frame import machine, show
from benchmarks.efficiency import kind_of, labels_of, say
from labeling.learning.arrays.types import AnyArray, Flags, Integers
from labeling.learning.classifiers.auxiliary import SAMPLE, AuxiliaryData
from labeling.learning.classifiers.committee import Committee
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.evaluation.retrospective import KnownPool, replay
from labeling.learning.evaluation.scores import labels_to_reach
from labeling.learning.query_strategies.mix import Strategy
from labeling.learning.text.rows import Rows
from labeling.learning.text.tfidf import Featurizer
from labeling.management.truths import read_truth

POOL, STEERING = 0.45, 0.1  # of all documents; the others measure
THINNED_SHARE = 0.1  # of a thinned class
MIN_MEASURED_DOCUMENTS = 40  # documents of a class, mean of the seeds
MIN_F1 = 0.3  # with all labels: below it more labels are not what a class lacks
TARGET_SHARE = 0.9  # of the F1 that the weakest class has with all labels
TARGET_F1 = 0.8  # of the project: what a new one has

Curve = list[tuple[int, list[float]]]  # labels, F1 by class


@dataclass(frozen=True)
class Arena:
    """A pool whose answers are all known, and which of its test documents write needs."""

    pool: KnownPool
    is_steering: Flags

    def f1(self, decided: AnyArray) -> AnyArray:
        """F1 of each class on the documents that measure; 0 for a class that is never right."""
        counts = self.counts(decided, ~self.is_steering)
        return np.nan_to_num(f1_values(counts.true_positives, counts.false_positives, counts.false_negatives))

    def counts(self, decided: AnyArray, chosen: Flags) -> Counts:
        truth = flags(self.pool.test_labels, self.pool.n_classes)
        return counts_multi(truth[chosen], flags(decided, self.pool.n_classes)[chosen])

    def sizes(self) -> Integers:
        """(3, n_classes) documents of each class in the pool, that steer and that measure."""
        pool, test = (flags(v, self.pool.n_classes) for v in (self.pool.labels, self.pool.test_labels))
        return np.stack(
            [part.sum(axis=0) for part in (pool, test[self.is_steering], test[~self.is_steering])]
        )

    def needs(self, committee: Committee, labels: Integers) -> dict[int, float]:
        """What the report on the steering documents would write."""
        decided = committee.decide(committee.probabilities(self.pool.test))
        counts = self.counts(decided, self.is_steering)
        shares = needs(
            counts.true_positives, counts.false_positives, counts.false_negatives, labels, TARGET_F1
        )
        return {number: share for number, share in enumerate(shares.tolist()) if share}


def flags(labels: AnyArray, n_classes: int) -> AnyArray:
    """(n, n_classes) bool, whatever the shape of the labels."""
    return labels if labels.ndim == 2 else np.eye(n_classes, dtype=bool)[labels]


@dataclass(frozen=True)
class Known:
    """A data set whose answers are all known, with the features of every text."""

    rows: Rows
    labels: AnyArray
    names: list[str]
    is_thinned: Flags  # of each document: most of its class are left out of the pool

    @classmethod
    def read(cls, name: str, folder: Path, limit: int) -> Known:
        """`limit` rows at most, drawn once for all seeds; 0: all."""
        plain, _, variant = name.partition("@")
        path = folder / plain
        truth = read_truth(path / "data.jsonl.gz", kind_of(path))
        records = list(truth.records)
        random.Random(1).shuffle(records)
        records = records[: limit or None]
        texts = [record.text for record in records]
        rows = Featurizer.learn(texts[:SAMPLE]).transform(texts)
        labels = labels_of(truth, records)
        is_thinned = np.zeros(len(records), dtype=bool)
        if variant == "skewed":
            is_thinned |= flags(labels, len(truth.class_names))[:, ::4].any(axis=1)
        return cls(rows, labels, truth.class_names, is_thinned)

    def drawn(self, seed: int) -> Arena:
        """The split of one seed."""
        rng = np.random.default_rng(7_919 + seed)
        draws = rng.random(len(self.rows))
        is_measuring = draws >= POOL + STEERING
        is_kept = is_measuring | ~self.is_thinned | (rng.random(len(self.rows)) < THINNED_SHARE)
        pool = np.flatnonzero(is_kept & (draws < POOL))
        test = np.flatnonzero(is_kept & (draws >= POOL))
        rows = replace(self.rows.part(pool), positions=np.arange(len(pool)))
        auxiliary = AuxiliaryData(rows, np.arange(len(pool)), None, None, np.arange(len(pool)))
        existing = KnownPool(
            rows, self.labels[pool], len(self.names), auxiliary, self.rows.part(test), self.labels[test]
        )
        return Arena(existing, ~is_measuring[test])


def curve(arena: Arena, arm: str, seed: int, options: argparse.Namespace) -> Curve:
    """(labels, F1 by class) after each batch."""
    strategy = Strategy.MARGIN if arm == "none" else Strategy.DEFAULT
    steps = replay(
        arena.pool,
        fit_committee,
        strategy,
        budget=options.budget,
        batch=options.batch,
        seed=seed,
        needs=arena.needs if arm == "on" else None,
    )
    return [(step.labels, arena.f1(step.decided).tolist()) for step in steps]


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """All arms on one data set."""
    started = perf_counter()
    data = Known.read(name, options.folder, options.limit)
    say(f"{name}: {len(data.rows):,} documents with features after {perf_counter() - started:.0f} s")
    curves: dict[str, list[Curve]] = {arm: [] for arm in options.arms}
    full, sizes = [], []
    for seed in range(options.seeds):
        arena = data.drawn(seed)
        pool = arena.pool
        if seed < (options.full or options.seeds):
            model = fit_committee(pool.rows, pool.labels, pool.n_classes, auxiliary=pool.auxiliary)
            full.append(arena.f1(model.decide(model.probabilities(pool.test))))
            say(f"{name} all labels, seed {seed}: {perf_counter() - started:.0f} s, {full[-1].mean():.3f}")
        sizes.append(arena.sizes())
        for arm in options.arms:
            curves[arm].append(curve(arena, arm, seed, options))
            say(f"{name} {arm} seed {seed}: {perf_counter() - started:.0f} s, {curves[arm][-1][-1]}")
    header = {"data": name, "pool": len(pool.rows), "budget": options.budget, "batch": options.batch}
    return header | summary(data.names, curves, np.mean(full, axis=0), np.mean(sizes, axis=0), options.budget)


def summary(
    names: list[str], curves: dict[str, list[Curve]], full: AnyArray, sizes: AnyArray, budget: int
) -> dict[str, Any]:
    """The weakest classes, and how soon each arm reached their target.

    full : (n_classes,) F1 with all labels; sizes : (3, n_classes) documents in the pool, steering, measuring
    """
    by_arm = {arm: np.array([[f1 for _, f1 in run] for run in runs]) for arm, runs in curves.items()}
    labels = [count for count, _ in curves["off"][0]]
    off = by_arm["off"].mean(axis=0)
    late = off[len(off) // 2 :].mean(axis=0)
    able = np.flatnonzero((sizes[2] >= MIN_MEASURED_DOCUMENTS) & (full >= MIN_F1))
    weakest = able[np.lexsort((sizes[0][able], late[able]))]
    groups = {"class": weakest[:1], "quarter": weakest[: -(-len(able) // 4)]}
    return {
        "full_macro_f1": round(float(full.mean()), 4),
        "weakest": [
            {"class": names[index], "full_f1": round(float(full[index]), 4)}
            | dict(zip(("pool", "steering", "measuring"), sizes[:, index].round(1).tolist(), strict=True))
            for index in groups["quarter"].tolist()
        ],
        **{
            group: {
                "target": round(TARGET_SHARE * float(full[rows].mean()), 4),
                "arms": {
                    arm: _reached(
                        labels,
                        f1[:, :, rows].mean(axis=2),
                        off[:, rows].mean(axis=1),
                        TARGET_SHARE * float(full[rows].mean()),
                        budget,
                    )
                    for arm, f1 in by_arm.items()
                },
            }
            for group, rows in groups.items()
        },
        "macro_f1": {arm: _macro(f1, by_arm["off"]) for arm, f1 in by_arm.items()},
        "curves": {arm: f1.mean(axis=(0, 2)).round(4).tolist() for arm, f1 in by_arm.items()},
    }


def _reached(labels: list[int], f1: AnyArray, off: AnyArray, target: float, budget: int) -> dict[str, Any]:
    """f1 : (n_seeds, n_rounds) of the arm; off : (n_rounds,) mean of the arm without steering."""
    reached = [labels_to_reach(labels, run.tolist(), target) for run in f1]
    mean = f1.mean(axis=0)
    return {
        "labels_to_target": reached,
        "mean_labels": round(float(np.mean([count or budget for count in reached])), 1),
        "mean_curve": labels_to_reach(labels, mean.tolist(), target),
        "labels_to_the_end_of_off": labels_to_reach(labels, mean.tolist(), float(off[-1]) - 1e-9),
        "mean": round(float(mean.mean()), 4),
        "end": round(float(mean[-1]), 4),
        "curve": mean.round(4).tolist(),
    }


def _macro(f1: AnyArray, off: AnyArray) -> dict[str, Any]:
    """f1, off : (n_seeds, n_rounds, n_classes) of the arm and of that without steering."""
    return {
        "mean": round(float(f1.mean()), 4),
        "end": round(float(f1[:, -1].mean()), 4),
        "more_than_off": (f1 - off).mean(axis=(1, 2)).round(4).tolist(),
        "more_at_the_end": (f1 - off)[:, -1].mean(axis=1).round(4).tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", required=True, help="folders, such as trec6 newsgroups20@skewed")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"), help="where the data sets are")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=500)
    parser.add_argument("--batch", type=int, default=25)
    parser.add_argument("--full", type=int, default=0, help="splits whose labels are all learned; 0: all")
    parser.add_argument("--limit", type=int, default=0, help="rows of a set that are used; 0: all")
    parser.add_argument("--arms", nargs="+", choices=["off", "on", "none"], default=["off", "on"])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if "off" not in options.arms:
        parser.error("The weakest class is that of the curve without steering: --arms needs off.")
    results = [measure(name, options) for name in options.data]
    show({"machine": machine(), "results": results}, is_json=options.json)


if __name__ == "__main__":
    main()
