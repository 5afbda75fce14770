"""Portable predictors: what a model is worth outside its project. `./run bench portable --data NAME --json`.

Committees are trained on random labels, with an external model that knows the pool and is right three times
of four, and with embeddings the graph of the pool. How good is what is left for a new text, by each rule for
the weights? And does a downloaded folder compute the same in an environment with the packages that it names?
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import django
import numpy as np

django.setup()

from django.conf import settings

from benchmarks._environments import environment_with
from benchmarks._frame import machine, show
from benchmarks.efficiency import known_pool, static_vectors
from labeling.deployments.readme import OF_EMBEDDINGS, OF_GUESSES, OF_WORDS, Kind, predictor_source
from labeling.features.embedder import service_embedder
from labeling.learning.arrays.types import AnyArray, Doubles, Floats, Integers
from labeling.learning.classifiers.committee import (
    KIND_NAMES,
    Committee,
    as_probabilities,
    weighted_sum,
)
from labeling.learning.classifiers.cross_validation import one_hot
from labeling.learning.classifiers.external import ExternalClassifier, ExternalModel
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.evaluation.retrospective import KnownPool
from labeling.learning.evaluation.scores import quality_of_flags
from labeling.learning.portable.class_predictor import ClassPredictor, RowsOf
from labeling.learning.portable.distilled_predictor import distilled_rows
from labeling.learning.portable.embedding_predictor import embedding_rows
from labeling.learning.portable.manifest import MANIFEST_FILE, PORTABLE_KINDS, committee_manifest
from labeling.learning.portable.word_predictor import word_rows
from labeling.learning.text.distillation import Distillation
from labeling.learning.text.rows import as_stored
from labeling.learning.text.tfidf import Featurizer
from labeling.management.feature_views import DEFAULT, FULL, VIEWS, WORDS, feature_view
from labeling.management.truths import Truth, read_truth

MAX_POOL = 1_500
MAX_NEW_TEXTS = 1_000
RIGHT = 0.75  # of what the external model says
RULES = ("committee", "as learned", "scaled to their sum", "learned again")


def external_model(labels: Integers, n_classes: int, rng: np.random.Generator) -> ExternalModel:
    """One that gives four fifths to a class."""
    is_wrong = rng.random(len(labels)) > RIGHT
    predicted = np.where(is_wrong, rng.integers(0, n_classes, len(labels)), labels)
    probabilities = np.full((len(labels), n_classes), 0.2 / max(n_classes - 1, 1), dtype=np.float32)
    probabilities[np.arange(len(labels)), predicted] = 0.8
    return ExternalClassifier().fit(np.arange(len(labels)), probabilities).model_


def by_each_rule(pool: KnownPool, n_labels: int, seed: int, has_external: bool) -> dict[str, Floats]:
    """Probabilities of the test documents: of the whole committee, and of what predicts new texts."""
    rng = np.random.default_rng(seed)
    labeled = rng.permutation(len(pool.rows))[:n_labels]
    outside = {"outside: one": external_model(pool.labels, pool.n_classes, rng)} if has_external else {}

    def fitted(**auxiliary: Any) -> Committee:
        known = replace(pool.auxiliary, **auxiliary)
        return fit_committee(
            pool.rows.part(labeled), pool.labels[labeled], pool.n_classes, auxiliary=known, seed=seed
        )

    committee, alone = fitted(outside=outside), fitted(outside={}, step=None)
    kept = [n for n, expert in enumerate(committee.experts) if KIND_NAMES[type(expert)] in PORTABLE_KINDS]
    new_texts = replace(pool.test, neighbors=None, positions=None)
    scores = [committee.experts[n].scores(new_texts) for n in kept]
    learned = committee.weights[kept]
    weights = (learned, learned * committee.weights.sum() / learned.sum(), alone.weights)
    rules = [_probabilities(scores, each) for each in weights]
    return dict(zip(RULES, [committee.probabilities(pool.test), *rules], strict=True))


def _probabilities(scores: Sequence[Floats], weights: Doubles) -> Floats:
    active = np.flatnonzero(weights > 0).tolist()
    return as_probabilities(weighted_sum([scores[n] for n in active], weights[active]), "softmax")


def measures(probabilities: Floats, labels: AnyArray) -> list[float]:
    """Macro F1 and log loss."""
    n_classes = probabilities.shape[1]
    flags = one_hot(probabilities.argmax(axis=1), n_classes), one_hot(labels, n_classes)
    true = probabilities[np.arange(len(labels)), labels].clip(1e-6)
    return [quality_of_flags(*flags).macro_f1, float(-np.log(true).mean())]


def rules_of(truth: Truth, options: argparse.Namespace) -> dict[str, Any]:
    """{rule: [macro F1, log loss]}, means over the seeds."""
    pool = known_pool(truth, options.features, {}, MAX_POOL)
    runs = [by_each_rule(pool, options.labels, seed, options.external) for seed in range(options.seeds)]
    return {
        rule: np.mean([measures(run[rule], pool.test_labels) for run in runs], axis=0).round(3).tolist()
        for rule in RULES
    }


@dataclass(frozen=True)
class Home:
    """What a downloaded folder of a view is: the kind of its predictor, and how texts become rows there."""

    kind: Kind
    rows_of: RowsOf


def write_features(view: str, texts: list[str], folder: Path) -> Home:
    """Learn the features of a view on a pool, and write what a download has of them."""
    featurizer = Featurizer.learn(texts, static=static_vectors() if view == DEFAULT else None)
    featurizer.save(folder / "features")
    if view == WORDS:
        return Home(OF_WORDS, word_rows(folder / "features"))
    if view == FULL:
        return Home(OF_EMBEDDINGS, embedding_rows(folder / "features", settings.ENCODERS_DIR))
    rows = as_stored(featurizer.transform(texts))
    guesses = Distillation.learn(rows, service_embedder().embed(texts))
    guesses.save(folder / "distillation")
    return Home(OF_GUESSES, distilled_rows(featurizer, guesses))


def taken_home(truth: Truth, view: str, n_labels: int) -> dict[str, Any]:
    """How far a downloaded folder and the service are apart on new texts, and what the folder costs."""
    pool = truth.pool[:MAX_POOL]
    class_index = {name: number for number, name in enumerate(truth.class_names)}
    labels = np.array([class_index[(record.labels or ("",))[0]] for record in pool[:n_labels]])
    texts = [record.text for record in truth.records if record.split == "test"][:MAX_NEW_TEXTS]
    with TemporaryDirectory() as name:
        folder = Path(name) / "model"
        home = write_features(view, [record.text for record in pool], folder)
        committee = fit_committee(
            home.rows_of([record.text for record in pool[:n_labels]]), labels, len(class_index)
        )
        committee.save(folder / "experts", {})
        classes = [{"id": name, "name": name} for name in truth.class_names]
        manifest = committee_manifest(folder / "experts", classes)
        (folder / MANIFEST_FILE).write_text(json.dumps(manifest))
        (folder / "predictor.py").write_text(predictor_source(home.kind))
        size = sum(file.stat().st_size for file in folder.rglob("*.*"))
        predictor = ClassPredictor.from_parts(manifest, folder / "experts", home.rows_of)
        started = process_time()
        ours = predictor.predict_proba(texts)
        seconds = process_time() - started
        theirs = _predicted_elsewhere(home.kind, folder, Path(name) / "empty", texts)
    return {
        "texts": len(texts),
        "largest_difference": float(np.abs(theirs - ours).max()),
        "megabytes": round(size / 1e6, 1),
        "texts_per_cpu_s": round(len(texts) / seconds),
    }


def _predicted_elsewhere(kind: Kind, folder: Path, environment: Path, texts: list[str]) -> Doubles:
    """Probabilities by the program of a folder, in an environment with the packages that it names."""
    packages = [package.partition("==")[0].replace("-", "_") for package in kind.packages.split()]
    python = environment_with(tuple(packages), environment)
    lines = subprocess.run(
        [python, "-I", folder / "predictor.py", "--json"],
        input="".join(json.dumps(text) + "\n" for text in texts),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return np.array([list(json.loads(line)["probabilities"].values()) for line in lines])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", required=True, help="folders of the data, one class a document")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"), help="where the data sets are")
    parser.add_argument("--features", type=feature_view, choices=VIEWS, default=WORDS)
    parser.add_argument("--external", action="store_true", help="with an external model that knows the pool")
    parser.add_argument("--labels", type=int, default=150)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result: dict[str, Any] = {}
    for name in options.data:
        truth = read_truth(options.folder / name / "data.jsonl.gz", "single")
        result[name] = {
            "rules": rules_of(truth, options),
            **taken_home(truth, options.features, options.labels),
        }
    show(result | {"machine": machine()}, is_json=options.json)


if __name__ == "__main__":
    main()
