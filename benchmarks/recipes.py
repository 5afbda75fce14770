"""Tuning decisions: are they right? `./run bench recipes --data NAME ... --labels N --seeds N --json`.

Labels are drawn at random from known data sets; every recipe is judged by cross-validation as the service
does it, and then measured on the test documents, which the judge never sees.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from time import process_time
from typing import Any

import django
import numpy as np

django.setup()

from benchmarks._frame import machine, show
from benchmarks.efficiency import kind_of, known_pool
from labeling.learning.arrays.types import Integers
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.classifiers.hyperparameters import DEFAULT_HYPERPARAMETERS, Hyperparameters
from labeling.learning.evaluation.model_selection import Score, adopted, next_trial, run_trial, verdicts
from labeling.learning.evaluation.retrospective import KnownPool
from labeling.learning.evaluation.scores import quality_of_flags
from labeling.management.feature_views import VIEWS, WORDS, feature_view
from labeling.management.truths import read_truth


def judged(pool: KnownPool, n_labels: int, seed: int) -> dict[str, Any]:
    """What is decided on so many labels, and what it is worth on the test documents."""
    sampled = np.sort(np.random.default_rng(seed).permutation(len(pool.rows))[:n_labels])
    started = process_time()
    done: dict[Hyperparameters, list[Score]] = {}
    while (following := next_trial(done)) is not None:
        hyperparameters, number = following
        score = run_trial(
            pool.rows.part(sampled),
            pool.labels[sampled],
            pool.n_classes,
            pool.auxiliary,
            hyperparameters,
            number,
        )
        done.setdefault(hyperparameters, []).append(score)
    seconds = process_time() - started
    trials = verdicts(done)
    usual = tested(pool, sampled, DEFAULT_HYPERPARAMETERS)
    return {
        "seed": seed,
        "seconds": round(seconds, 1),
        "usual_macro_f1": round(usual, 4),
        "adopted": asdict(adopted(trials)),
        "verdicts": [
            {
                **asdict(trial.candidate),
                "gain": round(trial.macro_f1.mean, 4),
                "reach": round(trial.macro_f1.reach, 4),
                "p": round(trial.macro_f1.p, 4),
                "log_loss_gain": round(trial.log_loss.mean, 4),
                "log_loss_reach": round(trial.log_loss.reach, 4),
                "is_better": trial.is_better,
                "test_gain": round(
                    tested(pool, sampled, trial.candidate) - tested(pool, sampled, trial.against), 4
                ),
            }
            for trial in trials
        ],
    }


def tested(pool: KnownPool, sampled: Integers, hyperparameters: Hyperparameters) -> float:
    """Macro F1 on the test documents."""
    committee = fit_committee(
        pool.rows.part(sampled),
        pool.labels[sampled],
        pool.n_classes,
        auxiliary=pool.auxiliary,
        hyperparameters=hyperparameters,
    )
    decided = committee.decide(committee.probabilities(pool.test))
    truth = pool.test_labels if not pool.is_single else np.eye(pool.n_classes, dtype=bool)[pool.test_labels]
    return quality_of_flags(decided, truth).macro_f1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", required=True, help="folders of the data, such as trec6 ag_news")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"), help="where the data sets are")
    parser.add_argument("--labels", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--features", type=feature_view, choices=VIEWS, default=WORDS)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    results = []
    for name in options.data:
        truth = read_truth(options.folder / name / "data.jsonl.gz", kind_of(options.folder / name))
        pool = known_pool(truth, options.features, {})
        for seed in range(options.seeds):
            results.append({"data": name, "labels": options.labels, **judged(pool, options.labels, seed)})
            print(results[-1], file=sys.stderr, flush=True)
    show({"machine": machine(), "results": results}, is_json=options.json)


if __name__ == "__main__":
    main()
