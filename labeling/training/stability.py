"""Prediction stability: how much the latest labels changed the model, and how right it is on unseen ones.

Kept with each version, for advice on stopping and for reports while the test set is small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from labeling.annotations.ground_truth import LabeledDocument
from labeling.documents.models import Document
from labeling.learning.arrays.class_index import ClassIndex
from labeling.learning.evaluation.stopping_criteria import MIN_STEP, SAMPLE, prediction_kappa
from labeling.predictions.metadata import CorrectCount, CrossValidatedCounts, PredictionChange
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project

if TYPE_CHECKING:
    from labeling.learning.arrays.types import Flags
    from labeling.learning.classifiers.committee import Committee
    from labeling.learning.storage.feature_store import FeatureStore


def change_since(
    version: ModelVersion,
    store: FeatureStore,
    committee: Committee,
    saved: Callable[[ModelVersion], Committee | None],
) -> PredictionChange | None:
    """Kappa of this model's predictions and an earlier one's, on a fixed random sample of the pool.

    saved : reads the committee of a version
    returns : None where no earlier model of the same classes and features is there
    """
    earlier = earlier_of(version)
    before = None if earlier is None else saved(earlier)
    if earlier is None or before is None:
        return None
    sampled = Document.objects.trainable().filter(project=version.project_id, position__lt=len(store))
    positions = sampled.order_by("random_key").values_list("position", flat=True)[:SAMPLE]
    rows = store.take(np.fromiter(positions, dtype=np.int64))
    decisions = [model.decide(model.probabilities(rows)) for model in (before, committee)]
    kappa = prediction_kappa(*decisions, is_single=committee.link == "softmax")
    return PredictionChange(
        kappa=round(kappa, 4),
        since=earlier.number,
        documents=len(rows),
        labels=version.label_count - earlier.label_count,
    )


def right_now(version: ModelVersion, documents: Sequence[LabeledDocument], decided: Flags) -> CorrectCount:
    """How many of these test documents the model knows the classes of, and how many it gets right in full."""
    class_index = ClassIndex.of(version.classes)
    measurable = [row for row, document in enumerate(documents) if class_index.holds(document.classes)]
    truth = class_index.matrix([documents[row].classes for row in measurable])
    return CorrectCount(len(measurable), int((truth == decided[measurable]).all(axis=1).sum()))


def last_cross_validated(version: ModelVersion) -> CrossValidatedCounts | None:
    """What cross-validation said when it was last done; None where the classes are others now."""
    last = Project(pk=version.project_id).model_versions.ready().first()
    if last is None or list(last.classes) != list(version.classes):
        return None
    return last.metadata.cross_validated


def cross_validated_counts(version: ModelVersion, committee: Committee) -> CrossValidatedCounts | None:
    """What cross-validation on the labels of the pool says of the model, or said when it was last done."""
    if committee.crossed.shape[1]:
        return CrossValidatedCounts.of(version.label_count, committee.crossed.tolist())
    return last_cross_validated(version)


def earlier_of(version: ModelVersion) -> ModelVersion | None:
    """The newest version with `MIN_STEP` labels fewer or less, if it has the same classes and features."""
    earlier = (
        Project(pk=version.project_id)
        .model_versions.ready()
        .filter(number__lt=version.number, label_count__lte=version.label_count - MIN_STEP)
        .first()
    )
    if earlier is None or list(earlier.classes) != list(version.classes):
        return None
    then, now = earlier.metadata, version.metadata
    return earlier if (then.edition, then.view) == (now.edition, now.view) else None
