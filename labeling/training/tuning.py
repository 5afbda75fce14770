"""Hyperparameter tuning: tried fold by fold in idle time, and used where it proves better."""

from __future__ import annotations

import time
from dataclasses import asdict

import numpy as np
from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from labeling.db.clock import Now
from labeling.features.pipeline import current_store
from labeling.jobs.models import Job
from labeling.jobs.outbox import beat, enqueue
from labeling.learning.classifiers.hyperparameters import (
    DEFAULT_HYPERPARAMETERS,
    Augmentation,
    Hyperparameters,
)
from labeling.learning.evaluation.model_selection import Score, adopted, next_trial, run_trial, verdicts
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.training.auxiliary import auxiliary_data_for
from labeling.training.dataset import is_due, labels_before, read_training_set
from labeling.training.models import Tuning

RUN_SECONDS = 20  # then other work has its turn
MAX_LABELS = 1_000  # documents tried on: from there on a gain that matters is beyond noise
MAX_SAVED_TUNINGS = 10


def run_tuning(job: Job) -> None:
    """Try for RUN_SECONDS and queue the rest; with the last fold, adopt what was better and train."""
    project = Project.objects.active().filter(pk=job.project_id).first()
    store = current_store(project) if project else None
    if project is None or store is None:
        return
    tuning = Tuning.objects.filter(project=project, finished_at=None).first() or _begun(project)
    positions, labels = labels_before(tuning.annotations, tuning.classes)
    if project.kind == Project.Kind.SINGLE:
        labels = labels.argmax(axis=1)
    rows, auxiliary = store.take(positions), auxiliary_data_for(project, store, tuning.classes)
    ends = time.monotonic() + RUN_SECONDS
    done = {_from_key(key): [Score(*score) for score in scores] for key, scores in tuning.trials.items()}
    while (following := next_trial(done)) is not None:
        hyperparameters, number = following
        score = run_trial(rows, labels, len(tuning.classes), auxiliary, hyperparameters, number)
        beat(job)
        done.setdefault(hyperparameters, []).append(score)
        trials = {_key(each): [[s.macro_f1, s.log_loss] for s in scores] for each, scores in done.items()}
        Tuning.objects.filter(pk=tuning.pk).update(trials=trials)
        if time.monotonic() > ends:
            enqueue(project.pk, Job.Kind.TUNE)
            return
    _adopt(job, project, tuning, done)


def hyperparameters_of(project: Project) -> Hyperparameters:
    """What trainings use: what the newest trial adopted, or the default hyperparameters."""
    newest = Tuning.objects.filter(project=project).exclude(finished_at=None).first()
    if newest is None or newest.dismissed_at is not None or newest.strength is None:
        return DEFAULT_HYPERPARAMETERS
    return Hyperparameters(newest.strength, Augmentation(newest.augmentation))


def _begun(project: Project) -> Tuning:
    training_set = read_training_set(project)
    annotations = [document.annotation_id for document in training_set.documents]
    if len(annotations) > MAX_LABELS:
        annotations = np.random.default_rng(project.pk).choice(annotations, MAX_LABELS, False).tolist()
    return Tuning.objects.create(
        project=project,
        classes=training_set.classes,
        annotations=annotations,
        label_count=len(training_set.documents),
    )


@transaction.atomic
def _adopt(job: Job, project: Project, tuning: Tuning, done: dict[Hyperparameters, list[Score]]) -> None:
    before, trials = hyperparameters_of(project), verdicts(done)
    best = adopted(trials)
    beat(job)
    Tuning.objects.filter(pk=tuning.pk).update(
        verdicts=[asdict(trial) for trial in trials],
        strength=best.strength,
        augmentation=best.augmentation.value,
        finished_at=Now(),
    )
    kept = list(Tuning.objects.filter(project=project).values_list("pk", flat=True)[:MAX_SAVED_TUNINGS])
    Tuning.objects.filter(project=project).exclude(pk__in=kept).delete()
    if best != before:
        enqueue(project.pk, Job.Kind.TRAIN)


def _key(hyperparameters: Hyperparameters) -> str:
    return f"{hyperparameters.strength:g} {hyperparameters.augmentation.value}"


def _from_key(key: str) -> Hyperparameters:
    strength, augmentation = key.split()
    return Hyperparameters(float(strength), Augmentation(augmentation))


MIN_LABELS = 100  # with fewer no gain gets beyond noise
DOUBLING = 2  # times the labels of the last trial


def enqueue_due() -> None:
    """Queue a trial for every project that has twice the labels of its last one and waits for nothing else.

    Work that failed and waits for its next attempt holds up nothing.
    """
    ready = ModelVersion.objects.ready().filter(project=OuterRef("pk"))
    tried = Tuning.objects.filter(project=OuterRef("pk")).order_by("-id")
    projects = (
        Project.objects.active()
        .exclude(kind=Project.Kind.SPANS)
        .exclude(pk__in=Job.objects.exclude(next_attempt_at__gt=Now()).values("project"))
        .exclude(pk__in=Job.objects.filter(kind=Job.Kind.TUNE).values("project"))
        .annotate(
            labels=Subquery(ready.values("label_count")[:1]),
            tried=Coalesce(Subquery(tried.values("label_count")[:1]), 0),
        )
        .filter(labels__gte=MIN_LABELS, labels__gt=DOUBLING * F("tried") - 1)
    )
    for project in projects:
        if not is_due(project):
            enqueue(project.pk, Job.Kind.TUNE)
