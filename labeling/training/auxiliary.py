"""Auxiliary training data: a sample of the pool, its graph and the guideline, used besides the labels."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np

from labeling.documents.models import Document
from labeling.features.class_descriptions import class_lines, description_vectors
from labeling.features.embedding_progress import embedding_folder
from labeling.learning.classifiers.auxiliary import SAMPLE, AuxiliaryData
from labeling.learning.classifiers.external import ExternalClassifier, ExternalModel
from labeling.learning.storage.feature_store import WORDS, FeatureStore
from labeling.learning.text.rows import Rows
from labeling.predictions.external import external_predictions
from labeling.projects.models import Project


def auxiliary_data_for(project: Project, store: FeatureStore, classes: Sequence[UUID]) -> AuxiliaryData:
    """Read what there is. `classes` is the order of every probability vector."""
    sampled = Document.objects.trainable().filter(project=project, position__lt=len(store))
    sampled = sampled.exclude(state=Document.State.EXCLUDED).order_by("random_key")[:SAMPLE]
    positions = np.sort(np.fromiter(sampled.values_list("position", flat=True), dtype=np.int64))
    step = None if store.graph is None else store.graph.step
    anchors = positions[:0] if store.graph is None else store.graph.anchors
    described = _described(project, store, classes)
    return AuxiliaryData(
        store.take(positions), positions, step, described, anchors, _outside(project, classes)
    )


def _outside(project: Project, classes: Sequence[UUID]) -> dict[str, ExternalModel]:
    """Models from elsewhere, each an expert of its own."""
    is_single = project.kind == Project.Kind.SINGLE
    return {
        f"outside: {name}": ExternalClassifier(is_single).fit(positions, probabilities).model_
        for name, (positions, probabilities) in external_predictions(project.pk, classes).items()
    }


def _described(project: Project, store: FeatureStore, classes: Sequence[UUID]) -> Rows | None:
    """Features of the classes' lines in the guideline; None where it has none, or not yet."""
    lines = class_lines(project, classes, has_bare_names=store.view != WORDS)
    if not any(lines):
        return None
    rows = store.transform(lines)
    if rows is not None:
        return rows
    vectors = description_vectors(project, embedding_folder(project.pk), lines)
    return None if vectors is None else Rows(store.featurizer.transform(lines).sparse, vectors)
