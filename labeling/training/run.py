"""Training runs: what the model learns, and when. One a project at a time; a failure keeps the old order."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

import numpy as np
from django.db import connection, transaction
from django.db.models import Max

from labeling.annotations.ground_truth import labeled_documents
from labeling.db.clock import Now
from labeling.exceptions import StaleRun
from labeling.features.pipeline import are_features_lost, current_store
from labeling.guidelines.models import Guideline
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.classifiers.committee import Committee
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.classifiers.hyperparameters import DEFAULT_HYPERPARAMETERS, Hyperparameters
from labeling.predictions.held_out import labeled_next
from labeling.predictions.metadata import CorrectCount, ModelMetadata
from labeling.predictions.models import ModelVersion
from labeling.predictions.word_attributions import attributions_of, truth_flags
from labeling.projects.models import Project
from labeling.queue import publishing
from labeling.ranking.head import Ranker, committee_ranker, start_ranker
from labeling.training import new_texts
from labeling.training.auxiliary import auxiliary_data_for
from labeling.training.dataset import TrainingSet, labels_per_class, read_training_set, targets
from labeling.training.model_files import model_folder, seal_of
from labeling.training.registry import (
    forget_old_versions,
    promoted_ranker,
    ranker_in_use,
    saved_committee,
    saved_tagger,
)
from labeling.training.span_evaluation import change_of_tags, cross_validated_spans, predict_spans
from labeling.training.span_model import fit_tagger, tagger_ranker
from labeling.training.stability import change_since, cross_validated_counts, right_now
from labeling.training.tuning import hyperparameters_of

if TYPE_CHECKING:
    from labeling.learning.classifiers.auxiliary import AuxiliaryData
    from labeling.learning.storage.feature_store import FeatureStore
    from labeling.learning.text.rows import Rows


class CommitteeFit(Protocol):
    """A way to make a committee from labeled rows, as `fit_committee` is."""

    def __call__(
        self,
        rows: Rows,
        labels: np.ndarray,
        n_classes: int,
        *,
        auxiliary: AuxiliaryData | None = None,
        start: Committee | None = None,
        hyperparameters: Hyperparameters = DEFAULT_HYPERPARAMETERS,
    ) -> Committee: ...


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
        ranker = _fit(job, version, training_set, fit)
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


def _fit(job: Job, version: ModelVersion, training_set: TrainingSet, fit: CommitteeFit) -> Ranker:
    folder = model_folder(version)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if training_set.project.kind == Project.Kind.SPANS:
        tagger = fit_tagger(training_set, folder)
        outbox.beat(job)
        version.metadata = replace(
            version.metadata,
            cross_validated=cross_validated_spans(version, training_set),
            change=change_of_tags(version, tagger, saved_tagger),
            test_set=predict_spans(version, tagger),
        )
        return tagger_ranker(training_set.project, version, tagger)
    store = current_store(training_set.project)
    assert store is not None
    hyperparameters = hyperparameters_of(training_set.project)
    committee = _fit_committee(store, training_set, folder, fit, hyperparameters)
    outbox.beat(job)
    thresholds = tuple(round(float(limit), 4) for limit in committee.thresholds)
    version.metadata = replace(
        version.metadata,
        view=store.view,
        hyperparameters=asdict(hyperparameters),
        experts=dict(zip(committee.names, committee.weights.round(3).tolist(), strict=True)),
        thresholds=thresholds or None,  # reports decide as the model does
    )
    version.metadata = replace(
        version.metadata,
        change=change_since(version, store, committee, saved_committee),
        cross_validated=cross_validated_counts(version, committee),
        test_set=_predict_test_set(version, store, committee),
    )
    return committee_ranker(training_set.project, version, committee)


def _fit_committee(
    store: FeatureStore,
    training_set: TrainingSet,
    folder: Path,
    fit: CommitteeFit,
    hyperparameters: Hyperparameters,
) -> Committee:
    documents = [d for d in training_set.documents if d.position < len(store)]
    rows = store.take(np.array([d.position for d in documents], dtype=np.int64))
    numbers = targets(training_set.project.kind, training_set.classes, documents)
    auxiliary = auxiliary_data_for(training_set.project, store, training_set.classes)
    before = _committee_before(training_set, store)
    committee = fit(
        rows,
        numbers,
        len(training_set.classes),
        auxiliary=auxiliary,
        start=before,
        hyperparameters=hyperparameters,
    )
    committee.save(folder, {})
    return committee


def _committee_before(training_set: TrainingSet, store: FeatureStore) -> Committee | None:
    """The last model, if it speaks of the same classes and features: fitting starts at its weights."""
    last = training_set.project.model_versions.ready().first()
    if last is None or list(last.classes) != training_set.classes:
        return None
    if (last.metadata.edition, last.metadata.view) != (training_set.project.feature_edition, store.view):
        return None
    return saved_committee(last)


def _predict_test_set(version: ModelVersion, store: FeatureStore, committee: Committee) -> CorrectCount:
    """Store what the model says of test documents that are labeled, and of those that are so next.

    Returns how many are labeled, and how many of them it got right.
    """
    documents = [d for d in labeled_documents(version.project_id, "test") if d.position < len(store)]
    ahead = labeled_next(version.project_id, len(documents))
    positions = {d.document_id: d.position for d in documents}
    positions |= {
        pk: position for pk, position in ahead.items() if pk not in positions and position < len(store)
    }
    probabilities = committee.probabilities(store.take(np.array(list(positions.values()), dtype=np.int64)))
    truth = truth_flags(version, documents)
    attributions = attributions_of(committee, store, list(positions.items()), probabilities, truth)
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY labeling_heldoutprediction (model_version_id, document_id, probabilities, pulls) FROM STDIN"
        ) as copy,
    ):
        for document, row in zip(positions, probabilities, strict=True):
            words = attributions.get(document)
            stored = None if words is None else json.dumps(words, ensure_ascii=False)
            copy.write_row((version.pk, document, [float(p) for p in row], stored))
    return right_now(version, documents, committee.decide(probabilities[: len(documents)]))


def _become_ready(job: Job, version: ModelVersion, seconds: dict[str, float]) -> None:
    outbox.beat(job)
    ready = ModelVersion.objects.filter(pk=version.pk, state=ModelVersion.State.TRAINING)
    if not ready.update(
        state=ModelVersion.State.READY,
        finished_at=Now(),
        facts=replace(version.metadata, seconds=seconds).to_json(),
    ):
        raise StaleRun
