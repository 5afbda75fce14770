"""Predictions for new texts: the part of a model that needs no pool, and how good it is on the test set."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from labeling.annotations.ground_truth import labeled_documents
from labeling.documents.models import Document
from labeling.features.editions import FEATURIZER, edition_folder
from labeling.learning.arrays.class_index import ClassIndex
from labeling.learning.classifiers.committee import decided_labels
from labeling.learning.evaluation.scores import quality_of_flags
from labeling.learning.portable.manifest import committee_manifest
from labeling.learning.portable.predictor import Predictor
from labeling.predictions.metadata import NewTextQuality
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.training.model_files import is_as_written, model_folder

logger = logging.getLogger(__name__)
MAX_MEASURED = 2_000  # test documents: half a second of work, and an F1 within a point


def predictor_of(version: ModelVersion) -> Predictor | None:
    """What predicts new texts; None where the files of the model or of its features were lost or changed.

    A download holds the same: probabilities for new texts come from nowhere else.
    """
    if not is_as_written(version):
        return None
    folder = model_folder(version)
    features = edition_folder(version.project_id, version.metadata.edition or 0) / FEATURIZER
    try:
        return Predictor.open(committee_manifest(folder, version.named_classes()), folder, features)
    except FileNotFoundError:
        return None


def measure(version: ModelVersion) -> None:
    """Keep with the version how good its predictor is on labeled test documents, as a download tells it.

    A model that predicts spans is left alone. A failure is logged: the model is in use already.
    """
    try:
        quality = _quality(version)
    except Exception:
        logger.exception("Model %s of project %s was not measured", version.number, version.project_id)
        return
    if quality is not None:
        version.refresh_from_db(fields=["facts"])
        version.metadata = replace(version.metadata, new_texts=quality)
        ModelVersion.objects.filter(pk=version.pk).update(facts=version.facts)


def _quality(version: ModelVersion) -> NewTextQuality | None:
    predictor = None if version.project.kind == Project.Kind.SPANS else predictor_of(version)
    class_index = ClassIndex.of(version.classes)
    documents = [d for d in labeled_documents(version.project_id, "test") if class_index.holds(d.classes)]
    if predictor is None or not documents:
        return None
    rng = np.random.default_rng(version.number)
    sampled = np.sort(rng.permutation(len(documents))[:MAX_MEASURED])
    measured = [documents[row] for row in sampled]
    probabilities = predictor.predict_proba(_texts([d.document_id for d in measured]))
    decided = decided_labels(probabilities, predictor.link, predictor.thresholds)
    quality = quality_of_flags(decided, class_index.matrix([d.classes for d in measured]))
    return NewTextQuality(len(measured), round(quality.macro_f1, 4))


def _texts(document_ids: Sequence[int]) -> list[str]:
    texts: dict[Any, str] = dict(Document.objects.filter(pk__in=document_ids).values_list("pk", "text"))
    return [texts[pk] for pk in document_ids]
