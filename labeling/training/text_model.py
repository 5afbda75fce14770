"""Text model: how a project of whole documents learns, is measured and predicts. A committee of experts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from django.db import connection

from labeling.annotations.ground_truth import LabeledDocument, labeled_documents
from labeling.documents.models import Document
from labeling.features.pipeline import current_store
from labeling.learning.arrays.class_index import ClassIndex
from labeling.learning.classifiers.committee import Committee
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.classifiers.hyperparameters import DEFAULT_HYPERPARAMETERS, Hyperparameters
from labeling.learning.evaluation.stopping_criteria import SAMPLE, prediction_kappa
from labeling.learning.storage.feature_store import FeatureStore
from labeling.predictions.held_out import labeled_next
from labeling.predictions.metadata import CorrectCount, CrossValidatedCounts, EstimatorRun, PredictionChange
from labeling.predictions.models import ModelVersion
from labeling.predictions.word_attributions import attributions_of, truth_flags
from labeling.projects.models import Project
from labeling.queue.models import Entry
from labeling.ranking.attached_predictions import AttachedPredictions
from labeling.ranking.head import Ranker, committee_ranker
from labeling.training.auxiliary import auxiliary_data_for
from labeling.training.dataset import TrainingSet, targets
from labeling.training.model_files import is_as_written, model_folder
from labeling.training.own_estimator import EstimatorFailed, deciding_alone, fit_own
from labeling.training.stability import earlier_of, last_cross_validated
from labeling.training.tuning import hyperparameters_of

if TYPE_CHECKING:
    from labeling.learning.arrays.types import Flags
    from labeling.learning.classifiers.auxiliary import AuxiliaryData
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


STORE_PREDICTIONS = (
    "COPY labeling_heldoutprediction (model_version_id, document_id, probabilities, pulls) FROM STDIN"
)


@dataclass(frozen=True)
class TextModel:
    """A committee, and the features that it reads."""

    committee: Committee
    store: FeatureStore


@dataclass(frozen=True)
class TextKind:
    """One class or several for each document, see `ModelKind`."""

    fit_committee: CommitteeFit = fit_committee

    def fit(self, version: ModelVersion, training_set: TrainingSet, folder: Path) -> TextModel:
        store = current_store(training_set.project)
        assert store is not None
        hyperparameters = hyperparameters_of(training_set.project)
        committee, estimator = self._committee(store, training_set, hyperparameters)
        committee.save(folder, {})
        thresholds = tuple(round(float(limit), 4) for limit in committee.thresholds)
        version.metadata = replace(
            version.metadata,
            view=store.view,
            hyperparameters=asdict(hyperparameters),
            experts=dict(zip(committee.names, committee.weights.round(3).tolist(), strict=True)),
            estimator=estimator,
            thresholds=thresholds or None,  # reports decide as the model does
        )
        return TextModel(committee, store)

    def open(self, version: ModelVersion) -> TextModel | None:
        committee, view = saved_committee(version), version.metadata.view
        store = current_store(version.project, view)
        if committee is None or store is None or store.view != view:  # embeddings can be lost too
            return None
        return TextModel(committee, store)

    def cross_validate(
        self, version: ModelVersion, training_set: TrainingSet, model: TextModel
    ) -> CrossValidatedCounts | None:
        if model.committee.crossed.shape[1]:
            return CrossValidatedCounts.of(version.label_count, model.committee.crossed.tolist())
        return last_cross_validated(version)

    def predict_test_set(self, version: ModelVersion, model: TextModel) -> CorrectCount:
        committee, store = model.committee, model.store
        documents = [d for d in labeled_documents(version.project_id, "test") if d.position < len(store)]
        ahead = labeled_next(version.project_id, len(documents))
        positions = {d.document_id: d.position for d in documents}
        positions |= {
            pk: position for pk, position in ahead.items() if pk not in positions and position < len(store)
        }
        probabilities = committee.probabilities(
            store.take(np.array(list(positions.values()), dtype=np.int64))
        )
        truth = truth_flags(version, documents)
        attributions = attributions_of(committee, store, list(positions.items()), probabilities, truth)
        with (
            connection.cursor() as cursor,
            cursor.copy(STORE_PREDICTIONS) as copy,
        ):
            for document, row in zip(positions, probabilities, strict=True):
                words = attributions.get(document)
                stored = None if words is None else json.dumps(words, ensure_ascii=False)
                copy.write_row((version.pk, document, [float(p) for p in row], stored))
        return _correct(version, documents, committee.decide(probabilities[: len(documents)]))

    def stability(self, version: ModelVersion, model: TextModel) -> PredictionChange | None:
        """Kappa of the predictions, on a fixed random sample of the pool."""
        earlier = earlier_of(version)
        before = None if earlier is None else saved_committee(earlier)
        if earlier is None or before is None:
            return None
        sampled = Document.objects.trainable().filter(
            project=version.project_id, position__lt=len(model.store)
        )
        positions = sampled.order_by("random_key").values_list("position", flat=True)[:SAMPLE]
        rows = model.store.take(np.fromiter(positions, dtype=np.int64))
        decisions = [
            committee.decide(committee.probabilities(rows)) for committee in (before, model.committee)
        ]
        kappa = prediction_kappa(*decisions, is_single=before.link == "softmax")
        return PredictionChange(
            kappa=round(kappa, 4),
            since=earlier.number,
            documents=len(rows),
            labels=version.label_count - earlier.label_count,
        )

    def ranker(self, project: Project, version: ModelVersion, model: TextModel) -> Ranker:
        ranker = committee_ranker(project, version, model.committee)
        if ranker.version is None:  # every document looks alike to it
            return ranker
        return replace(ranker, explain=lambda entries: self.explain(version, model, entries))

    def explain(self, version: ModelVersion, model: TextModel, entries: Sequence[Entry]) -> list[Entry]:
        return AttachedPredictions(version, model.committee, model.store).of(entries)

    def _committee(
        self, store: FeatureStore, training_set: TrainingSet, hyperparameters: Hyperparameters
    ) -> tuple[Committee, EstimatorRun | None]:
        """The built-in experts, with the estimator of another package that the project has chosen."""
        project = training_set.project
        documents = [d for d in training_set.documents if d.position < len(store)]
        positions = np.array([d.position for d in documents], dtype=np.int64)
        labels = targets(project.kind, training_set.classes, documents)
        auxiliary = auxiliary_data_for(project, store, training_set.classes)

        def fitted(auxiliary: AuxiliaryData) -> Committee:
            return self.fit_committee(
                store.take(positions),
                labels,
                len(training_set.classes),
                auxiliary=auxiliary,
                start=_committee_before(training_set, store),
                hyperparameters=hyperparameters,
            )

        committee = fitted(auxiliary)
        if not project.estimator:
            return committee, None
        try:
            own = fit_own(training_set, store, committee)
        except EstimatorFailed as error:
            return committee, EstimatorRun(project.estimator, project.estimator_use, failure=str(error))
        if project.estimator_use == Project.EstimatorUse.ALONE:
            return deciding_alone(committee, own, positions, labels), own.run
        outside = {**auxiliary.outside, own.run.expert: own.model}
        return fitted(replace(auxiliary, outside=outside)), own.run


def saved_committee(version: ModelVersion) -> Committee | None:
    """The committee of a version; None where its files were lost or changed, or are of an older layout."""
    if not is_as_written(version):
        return None
    try:
        return Committee.load(model_folder(version))[0]
    except FileNotFoundError:
        return None


def _committee_before(training_set: TrainingSet, store: FeatureStore) -> Committee | None:
    """The last model, if it speaks of the same classes and features: fitting starts at its weights."""
    last = training_set.project.model_versions.ready().first()
    if last is None or list(last.classes) != training_set.classes:
        return None
    if (last.metadata.edition, last.metadata.view) != (training_set.project.feature_edition, store.view):
        return None
    return saved_committee(last)


def _correct(version: ModelVersion, documents: Sequence[LabeledDocument], decided: Flags) -> CorrectCount:
    """How many of these test documents the model knows the classes of, and how many it gets right in full."""
    class_index = ClassIndex.of(version.classes)
    measurable = [row for row, document in enumerate(documents) if class_index.holds(document.classes)]
    truth = class_index.matrix([documents[row].classes for row in measurable])
    return CorrectCount(len(measurable), int((truth == decided[measurable]).all(axis=1).sum()))
