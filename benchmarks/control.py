"""Active learning that cannot lose: `./run bench control --data NAME ... --seeds N --json`.

Known data sets are labeled in memory at random, by the default strategy, and by it with the fallback: a
comparison with its own random labels after each tenth more labels decides on the random share. The rule sees
a small test set, the curves are measured on other documents. With `--hostile`, the strategy is one that is
made to lose: it asks for the documents of which the model is surest.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any

import django
import numpy as np

django.setup()

from benchmarks._frame import machine, show
from benchmarks.efficiency import known_pool, skewed
from benchmarks.savings import MAX_POOL, decider, quality, split_anew
from labeling.learning.arrays.types import Doubles, Flags, Integers
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.evaluation.control_arm import (
    MIN_RANDOM,
    N_SHUFFLES,
    live_savings,
    shuffled,
    sizes_to,
)
from labeling.learning.evaluation.label_savings import QualityCurve
from labeling.learning.evaluation.retrospective import KnownPool, replay
from labeling.learning.evaluation.scores import area_under_curve, labels_to_reach
from labeling.learning.evaluation.stopping_criteria import t_quantile
from labeling.learning.query_strategies.mix import Mix, Strategy
from labeling.learning.query_strategies.random_fallback import Fallback, fallen_back
from labeling.management.feature_views import WORDS
from labeling.management.truths import read_truth

TESTED = 300  # documents that the rule sees
GROWTH = 1.1  # from one comparison to the next, as in the service
BATCH = 20
ARMS = ("random", "default", "control")


class Control:
    """The rule of the service: compares when it is due, and sets the shares."""

    def __init__(self, pool: KnownPool, seed: int) -> None:
        self.pool, self.seed = pool, seed
        self.decide = decider(pool)
        self.fallback, self.compared = Fallback(), 0
        self.levels: list[int] = []  # after each comparison

    def __call__(self, rows: Integers, is_random: Flags) -> Mix:
        if is_random.sum() >= MIN_RANDOM and len(rows) >= GROWTH * self.compared:
            self.compared = len(rows)
            gain = self._compared(rows, is_random)
            self.fallback = self.fallback.after(*gain)
            self.levels.append(self.fallback.level)
        return fallen_back(Mix.usual(self.pool.n_classes), self.fallback.level)

    def _compared(self, rows: Integers, is_random: Flags) -> tuple[float, float]:
        curves = []
        for number in range(N_SHUFFLES + 1):
            order = shuffled(rows, is_random, number)
            sizes = sizes_to(len(order))
            decided = np.stack([self.decide(order[:size]) for size in sizes])
            curves.append(QualityCurve(np.array(sizes), decided))
        truth, size = self.pool.test_labels, len(self.pool.rows)
        savings = live_savings(
            curves[0], curves[1:], truth, self.pool.n_classes, pool_size=size, seed=self.seed
        )
        return savings.gain.low, savings.gain.high


Curve = tuple[list[float], list[int]]  # macro F1 after each batch, and the levels of the fallback


def curve(pool: KnownPool, measured: KnownPool, arm: str, seed: int, budget: int) -> Curve:
    """One run of random sampling or of the default strategy.

    pool, measured : the same but for the test documents: those of the rule, and those of the curve
    """
    rule = Control(pool, seed) if arm == "control" else None
    strategy = Strategy.RANDOM if arm == "random" else Strategy.DEFAULT
    arguments: dict[str, Any] = {"budget": budget, "batch": BATCH, "seed": seed, "control": rule}
    steps = replay(measured, fit_committee, strategy, **arguments)
    return [step.quality.macro_f1 for step in steps], rule.levels if rule else []


def hostile_curve(pool: KnownPool, measured: KnownPool, arm: str, seed: int, budget: int) -> Curve:
    """The same for a queue that asks for the surest predictions instead of all that is not random."""
    if arm == "random":
        return curve(pool, measured, arm, seed, budget)
    rule = Control(pool, seed) if arm == "control" else None
    decide, order = decider(measured), np.random.default_rng(seed).permutation(len(pool.rows))
    rows, is_random = order[:BATCH], np.ones(BATCH, dtype=bool)
    values = []
    while True:
        values.append(float(quality(measured, decide(rows)[None])[0]))
        if len(rows) >= budget:
            return values, rule.levels if rule else []
        mix = rule(rows, is_random) if rule else Mix.usual(pool.n_classes)
        sampled = order[~np.isin(order, rows)][: round(mix.random * BATCH)]
        left = order[~np.isin(order, np.concatenate([rows, sampled]))]
        surest = left[np.argsort(-_sureness(measured, rows, left), kind="stable")][: BATCH - len(sampled)]
        rows = np.concatenate([rows, sampled, surest])
        is_random = np.concatenate([is_random, np.arange(BATCH) < len(sampled)])


def _sureness(pool: KnownPool, rows: Integers, others: Integers) -> Doubles:
    model = fit_committee(pool.rows.part(rows), pool.labels[rows], pool.n_classes, auxiliary=pool.auxiliary)
    sureness: Doubles = model.probabilities(pool.rows.part(others)).max(axis=1)
    return sureness


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """All arms on one data set."""
    folder, _, variant = name.partition("@")
    truth = read_truth(options.folder / folder / "data.jsonl.gz", "single")
    pool = known_pool(split_anew(skewed(truth) if variant == "skewed" else truth), WORDS, {}, MAX_POOL)
    seen, apart = np.arange(TESTED), np.arange(TESTED, len(pool.test_labels))
    of_rule, of_curve = (
        replace(pool, test=pool.test.part(part), test_labels=pool.test_labels[part]) for part in (seen, apart)
    )
    curves: dict[str, list[list[float]]] = {arm: [] for arm in ARMS}
    levels: list[list[int]] = []
    labels = list(range(BATCH, options.budget + 1, BATCH))
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for arm in ARMS:
            draw = hostile_curve if options.hostile else curve
            values, changes = draw(of_rule, of_curve, arm, seed, options.budget)
            curves[arm].append(values)
            if arm == "control":
                levels.append(changes)
    print(f"{name}: {process_time():.0f} CPU-s", file=sys.stderr, flush=True)
    return {"labels": labels, "levels": levels, **summary(labels, curves), "curves": curves}


def summary(labels: list[int], curves: dict[str, list[list[float]]]) -> dict[str, Any]:
    """Area under each curve, its difference from random sampling with half of its interval, labels saved."""
    areas = {arm: np.array([area_under_curve(labels, run) for run in runs]) for arm, runs in curves.items()}
    means = {arm: np.mean(runs, axis=0) for arm, runs in curves.items()}
    at_end = float(means["random"][-1])
    result: dict[str, Any] = {"areas": {arm: area.round(4).tolist() for arm, area in areas.items()}}
    for arm in ARMS[1:]:
        difference = areas[arm] - areas["random"]
        n = len(difference)
        reach = t_quantile(n - 1) * float(difference.std(ddof=1)) / n**0.5 if n > 1 else None
        needed = labels_to_reach(labels, means[arm].tolist(), at_end)
        worst = int(np.argmin(means[arm] - means["random"]))
        result[arm] = {
            "difference": round(float(difference.mean()), 4),
            "reach": reach and round(reach, 4),
            "labels_to_the_end_of_random": needed,
            "saving": None if needed is None else round(1 - needed / labels[-1], 3),
            "worst_step": [labels[worst], round(float((means[arm] - means["random"])[worst]), 4)],
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", nargs="+", required=True, help="folders of the data; NAME@skewed thins classes"
    )
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"), help="where the data sets are")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--budget", type=int, default=600)
    parser.add_argument("--hostile", action="store_true", help="a strategy that is made to lose")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    sets = {name: measure(name, options) for name in options.data}
    savings = [each["control"]["saving"] or 0.0 for each in sets.values()]
    result = {
        "median_saving": round(float(np.median(savings)), 3),
        "sets": sets,
        "cpu_seconds": round(process_time(), 1),
        "machine": machine(),
    }
    show(result, is_json=options.json)


if __name__ == "__main__":
    main()
