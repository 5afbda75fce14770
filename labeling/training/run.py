"""Training runs: what the model learns, and when. One a project at a time; a failure keeps the old order."""

from __future__ import annotations

import shutil
from dataclasses import replace
from time import perf_counter
from typing import Any

from django.db import transaction
from django.db.models import Max

from labeling.db.clock import Now
from labeling.exceptions import StaleRun
from labeling.features.pipeline import are_features_lost
from labeling.guidelines.models import Guideline
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.classifiers.fitting import fit_committee
from labeling.predictions.metadata import ModelMetadata
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.queue import publishing
from labeling.ranking.head import Ranker, start_ranker
from labeling.training import new_texts
from labeling.training.dataset import TrainingSet, labels_per_class, read_training_set
from labeling.training.model_files import model_folder, seal_of
from labeling.training.model_kind import ModelKind
from labeling.training.registry import forget_old_versions, model_kind, promoted_ranker, ranker_in_use
from labeling.training.text_model import CommitteeFit


def train(job: Job, fit: CommitteeFit = fit_committee) -> None:
    """Train a model on the labels so far, predict the test set, and publish a new order of the queue.

    With too few labels for a model the queue is ordered by variety instead. Raises whatever went wrong, with
    the version marked as failed; the order that was there stays.
    """
    project = Project.objects.get(pk=job.project_id)
    generation = publishing.next_generation()
    if are_features_lost(project):  # the order that is there stays; a training follows the new features
        return
    training_set = read_training_set(project)
    if not training_set.is_enough or project.feature_edition == 0:
        publish_head(job, project, start_ranker(project), generation)
        return
    version = _begin(training_set)
    try:
        started = perf_counter()
        ranker = _fit(job, version, training_set, model_kind(project, fit))
        version.metadata = replace(version.metadata, seal=seal_of(version))
        fitted = perf_counter()
        entries = (_chosen_ranker(project) or ranker).head(seed=generation)
        seconds = {"fit": round(fitted - started, 3), "rank": round(perf_counter() - fitted, 3)}
        with transaction.atomic():  # the model and its order become visible together
            _become_ready(job, version, seconds)
            publishing.publish(project.pk, generation, entries)
    except BaseException as error:
        ModelVersion.objects.filter(pk=version.pk, state=ModelVersion.State.TRAINING).update(
            state=ModelVersion.State.FAILED,
            failure=f"{type(error).__name__}: {error}"[:2000],
            finished_at=Now(),
        )
        raise
    publishing.purge(project.pk)
    forget_old_versions(project)
    new_texts.measure(version)


def _chosen_ranker(project: Project) -> Ranker | None:
    """Of the promoted model, as it is now: somebody may have chosen during the training."""
    return promoted_ranker(Project.objects.get(pk=project.pk))


def rank(job: Job) -> None:
    """Publish a new order with the model in use, or by variety where there is none."""
    project = Project.objects.get(pk=job.project_id)
    if are_features_lost(project):
        return
    generation = publishing.next_generation()
    publish_head(job, project, ranker_in_use(project), generation)


def publish_head(job: Job, project: Project, ranker: Ranker, generation: int) -> None:
    """Choose the head and move the project to it. Raises StaleRun where the run was taken over meanwhile."""
    entries = ranker.head(seed=generation)
    outbox.beat(job)
    publishing.publish(project.pk, generation, entries)
    publishing.purge(project.pk)


@transaction.atomic
def _begin(training_set: TrainingSet) -> ModelVersion:
    """A new version in training. Its number fences: a run that was taken over cannot become ready."""
    project = training_set.project
    ModelVersion.objects.filter(project=project, state=ModelVersion.State.TRAINING).update(
        state=ModelVersion.State.FAILED, failure="Its worker ended without a word.", finished_at=Now()
    )
    newest = ModelVersion.objects.filter(project=project).aggregate(Max("number"))["number__max"] or 0
    return ModelVersion.objects.create(
        project=project,
        number=newest + 1,
        classes=training_set.classes,
        label_count=len(training_set.documents),
        trained_through=training_set.through,
        guideline=Guideline.objects.filter(project=project).order_by("-number").first(),
        facts=ModelMetadata(edition=project.feature_edition, labels=labels_per_class(training_set)).to_json(),
    )


def _fit(job: Job, version: ModelVersion, training_set: TrainingSet, kind: ModelKind[Any]) -> Ranker:
    folder = model_folder(version)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = kind.fit(version, training_set, folder)
    outbox.beat(job)
    version.metadata = replace(
        version.metadata,
        cross_validated=kind.cross_validate(version, training_set, model),
        change=kind.stability(version, model),
        test_set=kind.predict_test_set(version, model),
    )
    return kind.ranker(training_set.project, version, model)


def _become_ready(job: Job, version: ModelVersion, seconds: dict[str, float]) -> None:
    outbox.beat(job)
    ready = ModelVersion.objects.filter(pk=version.pk, state=ModelVersion.State.TRAINING)
    if not ready.update(
        state=ModelVersion.State.READY,
        finished_at=Now(),
        facts=replace(version.metadata, seconds=seconds).to_json(),
    ):
        raise StaleRun
