"""Live savings: does the interval hold the truth? `./run bench savings --data NAME ... --seeds N --json`.

Projects are simulated on known data sets: the queue labels a pool in memory, a part of it at random. From its
labels and a small test set it is told what active learning has saved so far. The truth is known: the macro F1
of the same model on all documents kept apart, and how many random labels reach it, by the mean of many random
orders.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from time import process_time
from typing import Any

import django
import numpy as np

django.setup()

from sklearn.isotonic import IsotonicRegression

from benchmarks._frame import machine, show
from benchmarks.efficiency import known_pool, skewed
from labeling.learning.arrays.types import AnyArray, Doubles, Integers
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.evaluation.control_arm import (
    MIN_RANDOM,
    N_SHUFFLES,
    LiveSavings,
    live_savings,
    shuffled,
    sizes_to,
)
from labeling.learning.evaluation.label_savings import QualityCurve, resampled_quality
from labeling.learning.evaluation.retrospective import KnownPool, replay
from labeling.learning.query_strategies.mix import Mix, Strategy
from labeling.management.feature_views import WORDS
from labeling.management.truths import Truth, read_truth

MAX_POOL, MAX_TEST = 4_000, 2_000
TRUE_ORDERS, TRUE_SIZES, TRUE_LABELS = 6, 26, 2_500  # of the random curve that is taken for the truth
TESTED = (100, 300, 1_000)  # documents of a test set
GROWTH = 1.25  # from one number of labels at which savings are told to the next


@dataclass(frozen=True)
class TrueCurve:
    """Macro F1 of random labels on all documents kept apart, rising."""

    labels: Integers
    quality: Doubles

    def needed(self, quality: float) -> tuple[float, float]:
        """Labels that reach this quality: between these two; no end where the curve stops before."""
        if quality >= self.quality[-1]:
            return float(self.labels[-1]), inf
        labels = float(np.interp(quality, self.quality, self.labels))
        return labels, labels


@dataclass(frozen=True)
class Told:
    """What was told of one project at one moment, and what is true."""

    savings: LiveSavings
    saved: tuple[float, float]
    gain: float

    @property
    def is_held(self) -> bool:
        low, high = self.savings.saved.low, self.savings.saved.high
        return low <= self.saved[0] and high >= min(self.saved[1], max(self.saved[0], low))

    @property
    def is_gain_held(self) -> bool:
        return self.savings.gain.low <= self.gain <= self.savings.gain.high


def split_anew(truth: Truth) -> Truth:
    """A third of the documents, `MAX_TEST` at most, kept apart: so many that they tell the truth."""
    order = np.random.default_rng(7).permutation(len(truth.records))[: MAX_POOL + MAX_TEST]
    n_test = min(MAX_TEST, len(order) // 3)
    records = [
        replace(truth.records[row], split="test" if number < n_test else "pool")
        for number, row in enumerate(order)
    ]
    return replace(truth, records=records)


def decider(pool: KnownPool) -> Callable[[Integers], AnyArray]:
    """From rows to what a model that learned from them decides of all documents kept apart."""

    def decide(rows: Integers) -> AnyArray:
        committee = fit_committee(
            pool.rows.part(rows), pool.labels[rows], pool.n_classes, auxiliary=pool.auxiliary
        )
        return committee.decide(committee.probabilities(pool.test)).argmax(axis=1).astype(np.int16)

    return decide


def true_curve(pool: KnownPool, decide: Callable[[Integers], AnyArray]) -> TrueCurve:
    sizes = np.unique(np.geomspace(10, min(len(pool.rows), TRUE_LABELS), TRUE_SIZES).round().astype(int))
    curves = []
    for order in range(TRUE_ORDERS):
        rows = np.random.default_rng(1_000 + order).permutation(len(pool.rows))
        curves.append(quality(pool, np.stack([decide(rows[:size]) for size in sizes])))
    rising = IsotonicRegression().fit_transform(np.arange(len(sizes)), np.mean(curves, axis=0))
    return TrueCurve(sizes, rising)


def quality(pool: KnownPool, decided: AnyArray) -> Doubles:
    """(n_steps,) macro F1 on all documents kept apart."""
    everyone = np.ones((1, len(pool.test_labels)), dtype=np.float32)
    return resampled_quality(decided, pool.test_labels, pool.n_classes, everyone)[0]


def share_mix(share: float, n_classes: int) -> Mix:
    """The usual shares, but for the random one."""
    usual = Mix.usual(n_classes)
    scale = (1 - share) / (1 - usual.random)
    return Mix(share, usual.weak_class * scale, usual.second_opinion * scale, usual.seed_words * scale)


@dataclass(frozen=True)
class Labeled:
    """What the queue brought, in order, and what its models decided of all documents kept apart."""

    rows: Integers
    is_random: AnyArray
    labels: Integers
    decided: AnyArray

    def until(self, number: int) -> Labeled:
        """As it was after this step."""
        count = int(self.labels[number])
        steps = slice(0, number + 1)
        return Labeled(self.rows[:count], self.is_random[:count], self.labels[steps], self.decided[steps])


def simulated(pool: KnownPool, seed: int, budget: int, share: float) -> Labeled:
    mix = share_mix(share, pool.n_classes)

    def control(_rows: Integers, _is_random: AnyArray) -> Mix:
        return mix

    arguments: dict[str, Any] = {"budget": budget, "batch": 10, "seed": seed, "growth": 0.1}
    steps = list(replay(pool, fit_committee, Strategy.DEFAULT, control=control, **arguments))
    return Labeled(
        np.concatenate([step.chosen for step in steps]),
        np.concatenate([step.is_random for step in steps]),
        np.array([step.labels for step in steps]),
        np.stack([step.decided for step in steps]),
    )


def told_of(
    pool: KnownPool, decide: Callable[[Integers], AnyArray], truth: TrueCurve, project: Labeled, seed: int
) -> Iterator[Told]:
    """At each moment and with test sets of each size what is told, and what is true."""
    last = 0.0
    for number, count in enumerate(project.labels.tolist()):
        now = project.until(number)
        if now.is_random.sum() < MIN_RANDOM or count < GROWTH * last:
            continue
        last = count
        sizes = sizes_to(int(now.is_random.sum()))
        random = [
            np.stack([decide(shuffled(now.rows, now.is_random, order)[:size]) for size in sizes])
            for order in range(1, N_SHUFFLES + 1)
        ]
        reached = float(quality(pool, now.decided[-1:])[0])
        needed = truth.needed(reached)
        gain = reached - float(np.interp(count, truth.labels, truth.quality))
        for tested in TESTED:
            documents = np.random.default_rng([seed, count, tested]).permutation(len(pool.test_labels))
            part = documents[:tested]
            savings = live_savings(
                QualityCurve(now.labels, now.decided[:, part]),
                [QualityCurve(np.array(sizes), decided[:, part]) for decided in random],
                pool.test_labels[part],
                pool.n_classes,
                pool_size=len(pool.rows),
                seed=seed,
            )
            yield Told(savings, (needed[0] - count, needed[1] - count), gain)


def summary(rows: list[Told]) -> dict[str, Any]:
    """How often the intervals held, what was said, and how precisely."""
    if not rows:
        return {"sentences": 0}
    ends = [(row.savings.saved.low, row.savings.saved.high) for row in rows]
    verdicts = [row.savings.verdict.value for row in rows]
    return {
        "sentences": len(rows),
        "held": round(float(np.mean([row.is_held for row in rows])), 3),
        "gain_held": round(float(np.mean([row.is_gain_held for row in rows])), 3),
        "more_was_saved": round(
            float(np.mean([high < row.saved[0] for row, (_, high) in zip(rows, ends, strict=True)])), 3
        ),
        "less_was_saved": round(
            float(np.mean([low > row.saved[1] for row, (low, _) in zip(rows, ends, strict=True)])), 3
        ),
        "said": {verdict: round(verdicts.count(verdict) / len(rows), 3) for verdict in sorted(set(verdicts))},
        "without_upper_end": round(float(np.mean([high == inf for _, high in ends])), 3),
        "median_low": round(float(np.median([low for low, _ in ends]))),
        "median_true": round(float(np.median([row.saved[0] for row in rows]))),
        "median_gain_width": round(
            float(np.median([row.savings.gain.high - row.savings.gain.low for row in rows])), 3
        ),
    }


def measure(name: str, options: argparse.Namespace) -> list[Told]:
    folder, _, variant = name.partition("@")
    truth = read_truth(options.folder / folder / "data.jsonl.gz", "single")
    truth = split_anew(skewed(truth) if variant == "skewed" else truth)
    pool = known_pool(truth, WORDS, {}, MAX_POOL)
    decide = decider(pool)
    curve = true_curve(pool, decide)
    rows: list[Told] = []
    for share, budget in zip(options.shares, options.budgets, strict=True):
        for seed in range(options.seeds):
            rows += told_of(pool, decide, curve, simulated(pool, seed, budget, share), seed)
        print(f"{name}, {share:.0%} random: {process_time():.0f} CPU-s", file=sys.stderr, flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", nargs="+", required=True, help="folders of the data; NAME@skewed thins classes"
    )
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"), help="where the data sets are")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.1, 0.3], help="of random documents")
    parser.add_argument("--budgets", type=int, nargs="+", default=[1_000, 600], help="labels, for each share")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    by_set = {name: measure(name, options) for name in options.data}
    every = [row for rows in by_set.values() for row in rows]
    result = {
        "all": summary(every),
        "by_test_documents": {
            str(tested): summary([row for row in every if row.savings.test_documents == tested])
            for tested in TESTED
        },
        "by_set": {name: summary(rows) for name, rows in by_set.items()},
        "cpu_seconds": round(process_time(), 1),
        "machine": machine(),
    }
    show(result, is_json=options.json)


if __name__ == "__main__":
    main()
