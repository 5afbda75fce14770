"""Replay worker: labels a project's past anew, run by run on the labels that were known, when it has time.

The pool of a replay is the labeled documents: what the queue never chose cannot be replayed.
"""

from __future__ import annotations

import io
import time
from dataclasses import asdict, replace

import numpy as np

from labeling.db.clock import Now
from labeling.features.pipeline import current_store
from labeling.jobs.models import Job
from labeling.jobs.outbox import beat, enqueue
from labeling.learning.arrays.types import AnyArray
from labeling.learning.classifiers.auxiliary import AuxiliaryData
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.evaluation.label_savings import LabelSavings, QualityCurve, estimate_savings
from labeling.learning.evaluation.retrospective import KnownPool, replay
from labeling.learning.query_strategies.mix import Strategy
from labeling.learning.storage.feature_store import FeatureStore
from labeling.projects.models import Project
from labeling.replay.models import Replay, ReplayCurve
from labeling.training.auxiliary import auxiliary_data_for
from labeling.training.dataset import labels_before

STRATEGIES = (Strategy.RANDOM, Strategy.MARGIN, Strategy.DEFAULT)
SHARES = (0.9, 0.95)  # of the final quality
MIN_SEEDS, MAX_SEEDS = 2, 5
TIME_BUDGET_SECONDS = 240  # of a processor; no seed is begun after them, unless it is one of the least
MIN_BATCH, GROWTH = 10, 0.1  # labels between two trainings, as the service learns, but for the pauses
UNLABELED = 5_000  # documents that naive Bayes reads: a replay fits hundreds of committees
RUN_SECONDS = 20  # then other work has its turn
MAX_SAVED_REPLAYS = 5


def run_replay(job: Job) -> None:
    """Draw the next curves for RUN_SECONDS and queue the rest; with the last one, tell what they say."""
    replay = Replay.objects.filter(project=job.project_id, finished_at=None).first()
    project = Project.objects.active().filter(pk=job.project_id).first()
    if replay is None or project is None:
        return
    store = current_store(project)
    if store is None:
        raise RuntimeError(
            "The features of the project are not there; they are made again when documents come."
        )
    ends = time.monotonic() + RUN_SECONDS
    pool = known_pool(replay, store)
    while (following := next_run(replay)) is not None:
        strategy, seed = following
        _store_curve(job, replay, pool, strategy, seed)
        if time.monotonic() > ends:
            enqueue(project.pk, Job.Kind.REPLAY)
            return
    results = _read_off(replay, pool)
    beat(job)
    Replay.objects.filter(pk=replay.pk).update(result=results, finished_at=Now())
    replay.curves.all().delete()
    kept = Replay.objects.filter(project=project)[:MAX_SAVED_REPLAYS].values("pk")
    Replay.objects.filter(project=project).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()


def next_run(replay: Replay) -> tuple[Strategy, int] | None:
    """The strategy and seed to draw next, seed by seed; None when it is enough."""
    seconds_by_run = {(curve.strategy, curve.seed): curve.seconds for curve in replay.curves.defer("decided")}
    for seed in range(MAX_SEEDS):
        missing = [strategy for strategy in STRATEGIES if (strategy.value, seed) not in seconds_by_run]
        is_fresh = len(missing) == len(STRATEGIES)
        if is_fresh and seed >= MIN_SEEDS and sum(seconds_by_run.values()) > TIME_BUDGET_SECONDS:
            return None
        if missing:
            return missing[0], seed
    return None


def known_pool(replay: Replay, store: FeatureStore) -> KnownPool:
    """The documents of a replay with what they were given."""
    kind, n_classes = replay.project.kind, len(replay.classes)
    positions, labels = labels_before(replay.pool_annotations, replay.classes)
    test_places, test_labels = labels_before(replay.test_annotations, replay.classes)
    if kind == Project.Kind.SINGLE:
        labels, test_labels = labels.argmax(axis=1), test_labels.argmax(axis=1)
    auxiliary = _lessened(auxiliary_data_for(replay.project, store, replay.classes))
    return KnownPool(
        store.take(positions), labels, n_classes, auxiliary, store.take(test_places), test_labels
    )


def _lessened(auxiliary: AuxiliaryData) -> AuxiliaryData:
    """A smaller sample of the pool, as evenly drawn as the larger one."""
    step = -(-len(auxiliary.positions) // UNLABELED) or 1
    chosen = np.arange(0, len(auxiliary.positions), step)
    return replace(
        auxiliary, unlabeled=auxiliary.unlabeled.part(chosen), positions=auxiliary.positions[chosen]
    )


def _store_curve(job: Job, pending: Replay, pool: KnownPool, strategy: Strategy, seed: int) -> None:
    steps = []
    for step in replay(
        pool, fit_committee, strategy, budget=len(pool.rows), batch=MIN_BATCH, seed=seed, growth=GROWTH
    ):
        beat(job)
        steps.append(step)
    ReplayCurve.objects.create(
        replay=pending,
        strategy=strategy.value,
        seed=seed,
        labels=[step.labels for step in steps],
        decided=_packed(np.stack([step.decided for step in steps])),
        seconds=sum(step.seconds for step in steps),
    )


def _read_off(replay: Replay, pool: KnownPool) -> dict[str, object]:
    curves: dict[str, list[QualityCurve]] = {}
    seconds = 0.0
    for curve in replay.curves.all():
        curves.setdefault(curve.strategy, []).append(
            QualityCurve(np.array(curve.labels), np.load(io.BytesIO(curve.decided), allow_pickle=False))
        )
        seconds += curve.seconds
    savings: LabelSavings = estimate_savings(
        curves,
        pool.test_labels,
        pool.n_classes,
        baseline=Strategy.RANDOM.value,
        shares=SHARES,
        seed=replay.pk,
    )
    runs = min(len(runs) for runs in curves.values())
    facts = {"runs": runs, "seconds": round(seconds, 1), "pool": len(pool.rows), "test": len(pool.test)}
    return facts | asdict(savings)


def _packed(array: AnyArray) -> bytes:
    held = io.BytesIO()
    np.save(held, array, allow_pickle=False)
    return held.getvalue()
