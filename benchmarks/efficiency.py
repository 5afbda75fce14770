"""Label efficiency: labels that strategies need. `./run bench efficiency --data NAME ... --seeds N --json`.

Known data sets, labeled batch by batch in memory: the same features, pool and seeds for every strategy. A
name is a folder below `--folder`, with a `data.jsonl.gz` in it; "templates" is made where it is missing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import Pool
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import django
import numpy as np

django.setup()

from benchmarks._frame import machine, show
from benchmarks._spans import span_curves
from benchmarks._templates import write
from labeling.features.embedder import service_embedder
from labeling.formats.records import Record
from labeling.learning.arrays.types import AnyArray, Integers
from labeling.learning.classifiers.auxiliary import SAMPLE, AuxiliaryData
from labeling.learning.classifiers.fitting import fit_committee, fit_plain
from labeling.learning.classifiers.label_propagation import nearest, smoothing
from labeling.learning.evaluation.retrospective import KnownPool, Step, replay
from labeling.learning.evaluation.scores import (
    area_under_curve,
    labels_to_reach,
    labels_to_share_of_full,
    quality_of_flags,
)
from labeling.learning.query_strategies.mix import Strategy
from labeling.learning.text.distillation import Distillation, sample_size
from labeling.learning.text.near_duplicates import join_new
from labeling.learning.text.rows import Rows, as_stored
from labeling.learning.text.signature_store import SignatureStore
from labeling.learning.text.static_vectors import StaticVectors
from labeling.learning.text.tfidf import Featurizer
from labeling.management.feature_views import DEFAULT, FULL, VIEWS, WORDS, feature_view
from labeling.management.truths import Truth, read_truth

MODELS = {"committee": fit_committee, "plain": fit_plain}
USUAL = ("default:committee", "margin:committee", "random:committee", "margin:plain", "random:plain")
TEMPLATES = "templates"
MAX_POOL = 10_000  # documents of a pool; larger ones are cut, the same for every strategy
MAX_TEST = 5_000


@dataclass(frozen=True)
class Run:
    """One curve to draw."""

    name: str
    strategy: str
    model: str
    seed: int


def kind_of(folder: Path) -> str:
    """The kind of project that a data set makes, by its first row."""
    with gzip.open(folder / "data.jsonl.gz", "rt", encoding="utf-8") as lines:
        row = json.loads(next(lines))
    return "single" if "label" in row else "multi" if "labels" in row else "spans"


def known_pool(truth: Truth, features: str, lines: dict[str, str], limit: int = MAX_POOL) -> KnownPool:
    """Features of a data set, learned on its pool alone; exact copies of test documents are no part of it."""
    test = [record for record in truth.records if record.split == "test"][:MAX_TEST]
    measured = {record.text for record in test}
    pool = [record for record in truth.pool if record.text not in measured][:limit]
    texts = [record.text for record in pool]
    rows_of, is_of_meaning = reader(texts, features)
    rows, tested = rows_of(texts), rows_of([record.text for record in test])
    step = None
    if is_of_meaning:
        near = nearest(rows.dense, rows.dense, own=np.arange(len(rows)))
        step = smoothing(near)
        rows, tested = (
            replace(rows, neighbors=near),
            replace(tested, neighbors=nearest(tested.dense, rows.dense)),
        )
    rows = replace(rows, positions=np.arange(len(rows)))
    described = rows_of([lines.get(name, "") for name in truth.class_names]) if lines else None
    auxiliary = AuxiliaryData(rows, np.arange(len(rows)), step, described, np.arange(len(rows)))
    labels, true_labels = (labels_of(truth, part) for part in (pool, test))
    return KnownPool(
        rows, labels, len(truth.class_names), auxiliary, tested, true_labels, near_duplicates(texts)
    )


def reader(texts: list[str], features: str) -> tuple[Callable[[list[str]], Rows], bool]:
    """What makes rows of texts, learned on those of a pool, and whether their dense view is of meaning.

    The default view as the service has it while not all documents are embedded.
    """
    static = static_vectors() if features == DEFAULT else None
    featurizer = Featurizer.learn(texts[:SAMPLE], static=static)
    distillation = None
    if features == DEFAULT:
        order = np.random.default_rng(0).permutation(len(texts))[: sample_size(len(texts))]
        sample = [texts[row] for row in order]
        distillation = Distillation.learn(
            as_stored(featurizer.transform(sample)), service_embedder().embed(sample)
        )
        say(f"Held-out cosine of the distilled view: {distillation.cosine:.3f}")

    def rows_of(texts: list[str]) -> Rows:
        rows = featurizer.transform(texts)
        if features == FULL:
            return replace(rows, dense=service_embedder().embed(texts))
        if distillation is not None and distillation.is_good:
            return replace(rows, dense=distillation.transform(as_stored(rows)))
        return rows

    return rows_of, features == FULL or (distillation is not None and distillation.is_good)


@cache
def static_vectors() -> StaticVectors:
    """Of the installed encoder, made once a run."""
    return StaticVectors.make(service_embedder().run)


def near_duplicates(texts: Sequence[str]) -> Integers:
    """(n,) the group of each text, as the service finds them."""
    with TemporaryDirectory() as folder:
        return join_new(SignatureStore.open(Path(folder)).append(texts), np.zeros(0, dtype=np.int64), 0)


def skewed(truth: Truth) -> Truth:
    """The same test set, and a pool in which each class is rarer than the one before: 1, 1/2, 1/3 … 1/20."""
    rng = random.Random(0)
    rank = {name: index + 1 for index, name in enumerate(truth.class_names)}
    kept = [
        record
        for record in truth.records
        if record.split == "test" or rng.random() < 1 / min(rank[(record.labels or ("",))[0]], 20)
    ]
    return replace(truth, records=kept)


def labels_of(truth: Truth, records: Sequence[Record]) -> AnyArray:
    """(n,) class numbers, or (n, n_classes) bool where a document has several labels."""
    class_index = {name: number for number, name in enumerate(truth.class_names)}
    if truth.kind == "single":
        return np.array([class_index[(record.labels or ("",))[0]] for record in records])
    flags = np.zeros((len(records), len(class_index)), dtype=bool)
    for row, record in enumerate(records):
        flags[row, [class_index[name] for name in record.labels or ()]] = True
    return flags


def curve(run: Run, pool: KnownPool, budget: int, batch: int) -> list[Step]:
    steps = list(
        replay(pool, MODELS[run.model], Strategy(run.strategy), budget=budget, batch=batch, seed=run.seed)
    )
    say(f"{run.name} {run.strategy} {run.model} seed {run.seed}: {steps[-1].quality}")
    return steps


def summary(
    strategy: str, model: str, curves: list[list[Step]], full: Any, target: float | None
) -> dict[str, Any]:
    """What simulate prints of a strategy, and how soon it was good."""
    areas = [
        area_under_curve([s.labels for s in steps], [s.quality.macro_f1 for s in steps]) for steps in curves
    ]
    labels = [step.labels for step in curves[0]]
    mean = np.mean([[step.quality.macro_f1 for step in steps] for steps in curves], axis=0).tolist()
    by_accuracy = np.mean([[step.quality.accuracy for step in steps] for steps in curves], axis=0).tolist()
    hundred = [step.calibration for steps in curves for step in steps if step.labels == 100]
    result = {
        "strategy": strategy,
        "model": model,
        "seeds": [
            {
                "seed": seed,
                "curve": [
                    [
                        s.labels,
                        *(round(v, 4) for v in (s.quality.accuracy, s.quality.macro_f1, s.quality.micro_f1)),
                    ]
                    for s in steps
                ],
                "seconds_per_round": round(float(np.mean([s.seconds for s in steps])), 3),
                "aulc_macro_f1": round(area, 4),
            }
            for seed, (steps, area) in enumerate(zip(curves, areas, strict=True))
        ],
        "aulc_macro_f1": round(float(np.mean(areas)), 4),
        "full": {"accuracy": round(full.accuracy, 4), "macro_f1": round(full.macro_f1, 4)},
        "labels_to_95_percent": labels_to_share_of_full(labels, mean, full.macro_f1),
        "calibration_error_at_100": round(float(np.mean(hundred)), 4) if hundred else None,
    }
    if target is not None:
        result["labels_to_target"] = {
            "target": target,
            "macro_f1": [labels_to_reach(labels, [s.quality.macro_f1 for s in c], target) for c in curves],
            "accuracy": [labels_to_reach(labels, [s.quality.accuracy for s in c], target) for c in curves],
            "mean_curve_macro_f1": labels_to_reach(labels, mean, target),
            "mean_curve_accuracy": labels_to_reach(labels, by_accuracy, target),
        }
    return result


_KNOWN: dict[str, KnownPool] = {}  # of the process that draws curves: made before it was forked


def _draw(task: tuple[Run, int, int]) -> tuple[Run, list[Step]]:
    run, budget, batch = task
    return run, curve(run, _KNOWN[run.name], budget, batch)


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """All strategies on one data set; NAME@skewed thins its classes out, one after the other."""
    folder, _, variant = name.partition("@")
    if folder == TEMPLATES and not (options.folder / folder).exists():
        write(options.folder / folder / "data.jsonl.gz")
    kind = kind_of(options.folder / folder)
    truth = read_truth(options.folder / folder / "data.jsonl.gz", kind)
    if variant == "skewed":
        truth = skewed(truth)
    strategies = [part.split(":") for part in options.strategies]
    if kind == "spans":
        curves = [
            {"strategy": row, "seeds": span_curves(truth.records, row, options.seeds, options.tokens)}
            for row in dict.fromkeys(strategy for strategy, _ in strategies)
        ]
        return {"data": name, "kind": kind, "strategies": curves}
    lines = json.loads(options.descriptions.read_text()).get(folder, {}) if options.descriptions else {}
    started = perf_counter()
    pool = known_pool(truth, options.features, lines, options.documents)
    say(f"{name}: {len(pool.rows):,} documents, features after {perf_counter() - started:.0f} s")
    _KNOWN.clear()
    _KNOWN[name] = pool
    seeds = range(options.seeds)
    runs = [Run(name, s, m, seed) for s, m in strategies for seed in seeds]
    with Pool(options.processes) as processes:
        tasks = [(run, options.budget, options.batch) for run in runs]
        steps = dict(processes.imap_unordered(_draw, tasks))
    full_model = fit_committee(pool.rows, pool.labels, pool.n_classes, auxiliary=pool.auxiliary)
    probabilities = full_model.probabilities(pool.test)
    flags = pool.test_labels if kind == "multi" else np.eye(pool.n_classes, dtype=bool)[pool.test_labels]
    full = quality_of_flags(full_model.decide(probabilities), flags)
    return {
        "data": name,
        "kind": kind,
        "features": options.features,
        "has_descriptions": bool(lines),
        "pool": len(pool.rows),
        "test": len(pool.test),
        "budget": options.budget,
        "batch": options.batch,
        "strategies": [
            summary(s, m, [steps[Run(name, s, m, seed)] for seed in seeds], full, options.target)
            for s, m in strategies
        ],
    }


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", required=True, help="folders of the data, such as trec6 ag_news")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"), help="where the data sets are")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--features", type=feature_view, choices=VIEWS, default=WORDS)
    parser.add_argument(
        "--strategies", nargs="+", default=list(USUAL), help="STRATEGY:MODEL, such as margin:plain"
    )
    parser.add_argument("--budget", type=int, default=400)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--documents", type=int, default=MAX_POOL, help="of a pool; the others are cut off")
    parser.add_argument("--tokens", type=int, default=12_000, help="budget of span sets")
    parser.add_argument("--target", type=float, help="quality to look for on the curves")
    parser.add_argument("--descriptions", type=Path, help='JSON: {"data set": {"class": "name: one line"}}')
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    results = [measure(name, options) for name in options.data]
    show({"machine": machine(), "results": results}, is_json=options.json)


if __name__ == "__main__":
    main()
