"""Does steering bring the weakest class on? `./run bench steering --data NAME ... --seeds N --json`.

Known data sets, labelled batch by batch in memory, twice: with the needs that a report would write after each
training (`on`), and with the engine's own estimate of weak classes alone (`off`); `none` is doubt and random
documents without any share for classes. All rows of a set are drawn anew: half are the pool, a quarter writes
the needs, a quarter measures, so that rare classes are measured on more than a handful of documents. Of
NAME@skewed every fourth class keeps a tenth of its documents and the others two fifths, but in the quarter
that measures.

The weakest class is the one whose F1 is lowest over the second half of the `off` curve, mean of all seeds;
the target is 90 % of its F1 with all labels. This was laid down before the figures. A run that never reaches
it counts as the whole budget.
"""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import django
import numpy as np

django.setup()

from analytics.metrics.classification import Counts, counts_multi, f1_values  # noqa: E402 - after the set-up
from analytics.metrics.needs import needs  # noqa: E402
from benchmarks._frame import machine, show  # noqa: E402
from benchmarks.efficiency import kind_of, known_pool  # noqa: E402
from labeling.learning.arrays import AnyArray, Flags, Integers  # noqa: E402
from labeling.learning.committee import Committee  # noqa: E402
from labeling.learning.curves import labels_to_reach  # noqa: E402
from labeling.learning.fitting import fit_committee  # noqa: E402
from labeling.learning.mix import Strategy  # noqa: E402
from labeling.learning.replay import KnownPool, replay  # noqa: E402
from labeling.management.truths import Truth, read_truth  # noqa: E402

TARGET_SHARE = 0.9  # of the F1 that the weakest class has with all labels
TARGET_F1 = 0.8  # of the project: what a new one has


@dataclass(frozen=True)
class Arena:
    """A pool whose answers are all known, and which of its test documents write needs."""

    known: KnownPool
    is_steering: Flags
    names: list[str]

    def f1(self, decided: AnyArray) -> AnyArray:
        """F1 of each class on the documents that measure; 0 for a class that is never right."""
        counts = self.counts(decided, ~self.is_steering)
        return np.nan_to_num(f1_values(counts.true_positives, counts.false_positives, counts.false_negatives))

    def counts(self, decided: AnyArray, chosen: Flags) -> Counts:
        truth = flags(self.known.test_labels, self.known.n_classes)
        return counts_multi(truth[chosen], flags(decided, self.known.n_classes)[chosen])

    def needs(self, committee: Committee, labels: Integers) -> dict[int, float]:
        """What the report on the steering documents would write."""
        decided = committee.decide(committee.probabilities(self.known.test))
        counts = self.counts(decided, self.is_steering)
        shares = needs(
            counts.true_positives, counts.false_positives, counts.false_negatives, labels, TARGET_F1
        )
        return {number: share for number, share in enumerate(shares.tolist()) if share}


def flags(labels: AnyArray, n_classes: int) -> AnyArray:
    """(n, n_classes) bool, whatever the shape of the labels."""
    return labels if labels.ndim == 2 else np.eye(n_classes, dtype=bool)[labels]


def arena(name: str, folder: Path, limit: int) -> Arena:
    """Draw the pool and the two halves of the test set; `limit` rows at most are used."""
    plain, _, variant = name.partition("@")
    path = folder / plain
    truth = read_truth(path / "data.jsonl.gz", kind_of(path))
    rng = random.Random(1)
    rare = set(truth.class_names[::4]) if variant == "skewed" else set()
    rows, is_steering = [], []
    for record in truth.records[: limit or None]:
        split = rng.choice(["pool", "pool", "steer", "measure"])
        kept = 0.1 if rare & set(record.labels or ()) else 0.4
        if rare and split != "measure" and rng.random() > kept:
            continue
        rows.append(replace(record, split="pool" if split == "pool" else "test"))
        if split != "pool":
            is_steering.append(split == "steer")
    known = known_pool(Truth(truth.kind, rows, truth.class_names), "tfidf", {})
    return Arena(known, np.array(is_steering[: len(known.test)]), truth.class_names)


def curve(found: Arena, arm: str, seed: int, options: argparse.Namespace) -> list[tuple[int, list[float]]]:
    """(labels, F1 by class) after each batch."""
    strategy = Strategy.MARGIN if arm == "none" else Strategy.DEFAULT
    steps = replay(
        found.known, fit_committee, strategy, budget=options.budget, batch=options.batch, seed=seed,
        needs=found.needs if arm == "on" else None,
    )  # fmt: skip
    return [(step.labels, found.f1(step.decided).tolist()) for step in steps]


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """All arms on one data set."""
    started = perf_counter()
    found = arena(name, options.folder, options.limit)
    say(f"{name}: {len(found.known.rows):,} in the pool, {len(found.known.test):,} tested")
    model = fit_committee(
        found.known.rows, found.known.labels, found.known.n_classes, evidence=found.known.evidence
    )
    full = found.f1(model.decide(model.probabilities(found.known.test)))
    say(f"All labels: macro F1 {full.mean():.3f}, after {perf_counter() - started:.0f} s")
    curves: dict[str, list[list[tuple[int, list[float]]]]] = {arm: [] for arm in options.arms}
    for seed in range(options.seeds):
        for arm in options.arms:
            curves[arm].append(curve(found, arm, seed, options))
            say(f"{name} {arm} seed {seed}: {perf_counter() - started:.0f} s")
    return {"data": name, "pool": len(found.known.rows), "budget": options.budget, "batch": options.batch} | (
        summary(found, curves, full, options.budget)
    )


def summary(
    found: Arena, curves: dict[str, list[list[tuple[int, list[float]]]]], full: AnyArray, budget: int
) -> dict[str, Any]:
    """The weakest class, and how soon each arm reached its target."""
    by_arm = {arm: np.array([[f1 for _, f1 in run] for run in runs]) for arm, runs in curves.items()}
    labels = [count for count, _ in curves["off"][0]]
    off = by_arm["off"].mean(axis=0)
    place = int(off[len(off) // 2 :].mean(axis=0).argmin())
    target = TARGET_SHARE * float(full[place])
    pool = flags(found.known.labels, found.known.n_classes)[:, place]
    truth = flags(found.known.test_labels, found.known.n_classes)[:, place]
    return {
        "weakest": {
            "class": found.names[place],
            "full_f1": round(float(full[place]), 4),
            "target": round(target, 4),
            "in_pool": int(pool.sum()),
            "steering": int(truth[found.is_steering].sum()),
            "measuring": int(truth[~found.is_steering].sum()),
        },
        "full_macro_f1": round(float(full.mean()), 4),
        "arms": {arm: _arm(labels, f1, place, target, budget) for arm, f1 in by_arm.items()},
    }


def _arm(labels: list[int], f1: AnyArray, place: int, target: float, budget: int) -> dict[str, Any]:
    reached = [labels_to_reach(labels, run[:, place].tolist(), target) for run in f1]
    mean, macro = f1.mean(axis=0), f1.mean(axis=(0, 2))
    return {
        "labels_to_target": reached,
        "mean_labels": round(float(np.mean([count or budget for count in reached])), 1),
        "mean_curve": labels_to_reach(labels, mean[:, place].tolist(), target),
        "weakest_f1": {
            "mean": round(float(mean[:, place].mean()), 4),
            "end": round(float(mean[-1, place]), 4),
        },
        "macro_f1": {
            "mean": round(float(macro.mean()), 4),
            "end": round(float(macro[-1]), 4),
            "of_seeds": f1.mean(axis=(1, 2)).round(4).tolist(),
        },
        "curve": [[count, *point] for count, *point in zip(
            labels, macro.round(4).tolist(), mean[:, place].round(4).tolist(), strict=True
        )],
    }  # fmt: skip


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", required=True, help="folders, such as trec6 newsgroups20@skewed")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"), help="where the data sets are")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=500)
    parser.add_argument("--batch", type=int, default=25)
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
