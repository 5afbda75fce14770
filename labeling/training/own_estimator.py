"""Own estimators: a model of another package, trained beside the built-in one, as an expert or on its own.

It is fitted in a process of its own with limits of time and memory, and only its predictions are kept. An
older version ranks and is measured by the predictions of its time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from django.conf import settings

from labeling.documents.models import Document
from labeling.guidelines.models import LabelClass
from labeling.learning.arrays.types import AnyArray, Flags, Integers
from labeling.learning.classifiers.committee import Committee, as_probabilities
from labeling.learning.classifiers.cross_validation import cross_validated_counts
from labeling.learning.classifiers.external import ExternalClassifier, ExternalModel
from labeling.learning.classifiers.thresholds import decision_threshold
from labeling.learning.evaluation.estimator_process import (
    FAILURE,
    SCORES,
    SPANS,
    EstimatorRequest,
    FoundSpans,
    SpanRequest,
)
from labeling.learning.evaluation.stopping_criteria import SAMPLE
from labeling.learning.query_strategies.pool_scores import PoolScores, score_pool
from labeling.learning.storage.feature_store import FeatureStore
from labeling.predictions.metadata import EstimatorRun
from labeling.projects.estimators import GROUP
from labeling.projects.models import Project
from labeling.training.dataset import TrainingSet

MAX_CANDIDATES = 20_000  # texts scored for one ranking
CLASS_LIST = 100  # the most probable documents of each class
UNCERTAIN_SHARE = 0.7  # of the candidates; what the lists of the classes leave is random
MEMORY_BYTES = 4 * 2**30
SHARE_OF_LIMIT = 0.5  # of the time that a training may take
PASSED_ON = {"PATH", "HOME", "LANG", "TMPDIR"}  # of the environment, which has secrets of the service


class EstimatorFailed(Exception):
    """The estimator was not fitted; the text says why."""


@dataclass(frozen=True)
class OwnScores:
    """Predictions of an own estimator; of labeled documents by fits that did not see them."""

    model: ExternalModel
    run: EstimatorRun


def fit_own(training_set: TrainingSet, store: FeatureStore, committee: Committee) -> OwnScores:
    """Fit the project's estimator and score what it is asked about. Raises EstimatorFailed.

    committee : the built-in model, which chooses the candidates
    """
    project, started = training_set.project, perf_counter()
    documents = [d for d in training_set.documents if d.position < len(store)]
    columns = {pk: column for column, pk in enumerate(training_set.classes)}
    labeled = np.array([d.position for d in documents], dtype=np.int64)
    candidates = np.setdiff1d(_candidates(project, store, committee), labeled)
    positions = [*labeled.tolist(), *candidates.tolist()]
    named = dict(LabelClass.objects.filter(pk__in=training_set.classes).values_list("pk", "name"))
    request = EstimatorRequest(
        group=GROUP,
        name=project.estimator,
        classes=[named[pk] for pk in training_set.classes],
        is_single=project.kind == Project.Kind.SINGLE,
        labels=[sorted(columns[pk] for pk in d.classes) for d in documents],
        labeled=labeled.tolist(),
        candidates=candidates.tolist(),
        texts=_texts(project, positions),
        store=str(store.root),
        **limits(),
    )
    scored, probabilities = run_estimator(request)
    is_single = project.kind == Project.Kind.SINGLE
    model = ExternalClassifier(is_single).fit(scored, probabilities).model_
    run = EstimatorRun(
        project.estimator,
        project.estimator_use,
        documents=len(scored),
        seconds=round(perf_counter() - started, 1),
    )
    return OwnScores(model, run)


def run_estimator(request: EstimatorRequest) -> tuple[Integers, AnyArray]:
    """Positions and probabilities from a process of its own. Raises EstimatorFailed with the reason."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run(request, folder)
        with np.load(folder / SCORES, allow_pickle=False) as arrays:
            return arrays["positions"], arrays["probabilities"]


def run_spans(request: SpanRequest) -> FoundSpans:
    """Spans from a process of its own. Raises EstimatorFailed with the reason."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run(request, folder, "spans")
        return FoundSpans(**json.loads((folder / SPANS).read_text(encoding="utf-8")))


def limits() -> dict[str, int]:
    """Of memory and of processor time for one process."""
    seconds = max(round(settings.CELERY_TASK_TIME_LIMIT * SHARE_OF_LIMIT), 1)
    return {"memory_bytes": MEMORY_BYTES, "cpu_seconds": seconds}


def _run(request: EstimatorRequest | SpanRequest, folder: Path, *options: str) -> None:
    request.save(folder)
    command = [sys.executable, "-m", "labeling.learning.evaluation.estimator_process", str(folder), *options]
    kept = {key: value for key, value in os.environ.items() if key in PASSED_ON}
    environment = kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=request.cpu_seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise EstimatorFailed(f"It took longer than {request.cpu_seconds} seconds.") from error
    if done.returncode:
        raise EstimatorFailed(_reason(folder, done, request))


def _reason(
    folder: Path, done: subprocess.CompletedProcess[bytes], request: EstimatorRequest | SpanRequest
) -> str:
    if (folder / FAILURE).exists():
        return (folder / FAILURE).read_text(encoding="utf-8")
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"It was stopped: more than {request.cpu_seconds} CPU seconds, or too much memory."
    last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    return last[:1_000] or f"Its process ended with {done.returncode}."


def deciding_alone(committee: Committee, own: OwnScores, positions: Integers, labels: AnyArray) -> Committee:
    """The own estimator decides wherever it has scored; the built-in experts decide elsewhere.

    positions, labels : of the training set, whose cross-validated predictions set the thresholds
    """
    model = own.model
    is_known = model.knows(positions)
    held, flags = model.scores_of(positions[is_known]), _flags(labels, committee.n_classes)[is_known]
    probabilities = as_probabilities(held, committee.link)
    thresholds = committee.thresholds
    if committee.link == "sigmoid":
        pairs = zip(probabilities.T, flags.T, strict=True)
        thresholds = np.array([decision_threshold(*pair) for pair in pairs], dtype=np.float32)
    alone = replace(
        committee,
        names=(*committee.names, own.run.expert),
        experts=(*committee.experts, model),
        weights=np.append(committee.weights, 0.0),
        decider=own.run.expert,
        thresholds=thresholds,
    )
    return replace(alone, crossed=cross_validated_counts(alone.decide(probabilities), flags))


def _flags(labels: AnyArray, n_classes: int) -> Flags:
    return np.asarray(labels[:, None] == np.arange(n_classes) if labels.ndim == 1 else labels, dtype=bool)


def _candidates(project: Project, store: FeatureStore, committee: Committee) -> Integers:
    """(n,) positions to score: of open documents a part, and besides all that the version is measured on."""
    here = Document.objects.filter(project=project, position__lt=len(store))
    test = here.test_set().exclude(state=Document.State.EXCLUDED)
    steady = here.trainable().order_by("random_key")[:SAMPLE]
    measured = [*test.values_list("position", flat=True), *steady.values_list("position", flat=True)]
    open_positions = here.pool().filter(state=Document.State.OPEN).values_list("position", flat=True)
    is_open = np.zeros(len(store), dtype=bool)
    is_open[list(open_positions)] = True
    if is_open.sum() <= MAX_CANDIDATES:
        chosen = np.flatnonzero(is_open)
    else:
        scores = score_pool(store, committee)
        seed = project.model_versions.count()
        chosen = chosen_candidates(scores.keep(is_open[scores.positions]), MAX_CANDIDATES, seed)
    return np.union1d(chosen, np.array(measured, dtype=np.int64))


def chosen_candidates(scores: PoolScores, limit: int, seed: int) -> Integers:
    """Positions of the most uncertain documents, of each class's most probable ones, and of random ones.

    returns : at most `limit` positions, rising
    """
    chosen = np.zeros(len(scores), dtype=bool)
    chosen[np.argsort(-scores.margin, kind="stable")[: round(UNCERTAIN_SHARE * limit)]] = True
    classes = np.unique(scores.classes[:, 0])
    length = min(CLASS_LIST, round((1 - UNCERTAIN_SHARE) / 2 * limit) // max(len(classes), 1))
    for label_class in classes:
        members = np.flatnonzero(scores.classes[:, 0] == label_class)
        chosen[members[np.argsort(-scores.probabilities[members, 0], kind="stable")[:length]]] = True
    others = np.random.default_rng(seed).permutation(np.flatnonzero(~chosen))
    chosen[others[: max(limit - int(chosen.sum()), 0)]] = True
    return scores.positions[chosen]


def _texts(project: Project, positions: Sequence[int]) -> list[str]:
    rows = Document.objects.filter(project=project, position__in=positions).values_list("position", "text")
    texts = dict(rows)
    return [texts[position] for position in positions]
