"""Model kinds: what a training run asks of a model, whether it labels whole documents or spans."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from labeling.predictions.metadata import CorrectCount, CrossValidatedCounts, PredictionChange
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.queue.models import Entry
from labeling.ranking.head import Ranker
from labeling.training.dataset import TrainingSet

M = TypeVar("M")


class ModelKind(Protocol[M]):
    """How the models of one kind of project are made, measured and used; `M` is a fitted one."""

    def fit(self, version: ModelVersion, training_set: TrainingSet, folder: Path) -> M:
        """Learn from the labels; the model's files lie in the folder, and the version's metadata says how."""
        ...

    def open(self, version: ModelVersion) -> M | None:
        """The model of a version; None where its files were lost or changed, or are of an older layout."""
        ...

    def cross_validate(
        self, version: ModelVersion, training_set: TrainingSet, model: M
    ) -> CrossValidatedCounts | None:
        """What cross-validation on the labels of the pool says, or said when it was last done."""
        ...

    def predict_test_set(self, version: ModelVersion, model: M) -> CorrectCount:
        """Store the predictions of test documents that are labeled, and of those that are so next.

        Returns how many are labeled with classes that the model knows, and how many it gets right in full.
        """
        ...

    def stability(self, version: ModelVersion, model: M) -> PredictionChange | None:
        """Agreement with an earlier model; None where none of the same classes and features is there."""
        ...

    def ranker(self, project: Project, version: ModelVersion, model: M) -> Ranker:
        """How the model orders the queue; each entry's reason is explained by `explain`."""
        ...

    def explain(self, version: ModelVersion, model: M, entries: Sequence[Entry]) -> list[Entry]:
        """The same entries, whose reasons say what the model predicts of their documents, and why."""
        ...
