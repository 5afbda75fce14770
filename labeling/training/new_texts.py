"""Predictions for new texts: the part of a model that needs no pool, and how good it is on the test set."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from django.conf import settings

from labeling.annotations.ground_truth import LabeledDocument, labeled_documents
from labeling.documents.models import Document
from labeling.features.editions import (
    DISTILLATION,
    DISTILLED_VIEW,
    FEATURIZER,
    WORDS_VIEW,
    edition_folder,
)
from labeling.features.pipeline import current_store
from labeling.learning.arrays.class_index import ClassIndex
from labeling.learning.arrays.types import Floats
from labeling.learning.classifiers.committee import decided_labels
from labeling.learning.evaluation.scores import Quality, quality_of_flags, quality_of_spans
from labeling.learning.portable.class_predictor import ClassPredictor, RowsOf
from labeling.learning.portable.distilled_predictor import distilled_rows
from labeling.learning.portable.embedding_predictor import embedding_rows
from labeling.learning.portable.manifest import NotPortable, committee_manifest, tagger_manifest
from labeling.learning.portable.span_predictor import Predictor as SpanPredictor
from labeling.learning.portable.word_predictor import word_rows
from labeling.learning.text.distillation import Distillation
from labeling.learning.text.sentence_embeddings import VERSION
from labeling.learning.text.tfidf import Featurizer
from labeling.predictions.metadata import NewTextQuality
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.training.model_files import is_as_written, model_folder
from labeling.training.span_model import labeled_spans

logger = logging.getLogger(__name__)
MAX_MEASURED = 2_000  # test documents: half a second of work, and an F1 within a point


def predictor_of(version: ModelVersion) -> ClassPredictor | None:
    """What predicts the classes of new texts; None where nothing can, or files of it were lost or changed.

    A download holds the same: probabilities for new texts come from nowhere else.
    """
    if not is_as_written(version):
        return None
    folder = model_folder(version)
    try:
        rows_of = _view_of(version)
        manifest = committee_manifest(folder, version.named_classes())
        return None if rows_of is None else ClassPredictor.from_parts(manifest, folder, rows_of)
    except (FileNotFoundError, NotPortable):
        return None


def _view_of(version: ModelVersion) -> RowsOf | None:
    """Texts to the features that the model reads; None where they cannot be made any more."""
    edition = edition_folder(version.project_id, version.metadata.edition or 0)
    view = version.metadata.view or ""
    if view == WORDS_VIEW:
        return word_rows(edition / FEATURIZER)
    if view == VERSION:
        return embedding_rows(edition / FEATURIZER, settings.ENCODERS_DIR)
    guesses = Distillation.load(edition / DISTILLATION) if view.startswith(DISTILLED_VIEW) else None
    if guesses is None or guesses.version != view:  # an encoder of before, or the guesses were learned again
        return None
    return distilled_rows(Featurizer.load(edition / FEATURIZER), guesses)


def span_predictor_of(version: ModelVersion) -> SpanPredictor | None:
    """What finds spans in new texts; None where its files were lost or changed, or are of an older layout."""
    folder = model_folder(version)
    if not is_as_written(version):
        return None
    try:
        return SpanPredictor.from_parts(tagger_manifest(folder, version.named_classes()), folder)
    except (FileNotFoundError, NotPortable):
        return None


def measure(version: ModelVersion) -> None:
    """Keep with the version how good its predictor is on labeled test documents, as a download tells it.

    A failure is logged: the model is in use already.
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
    class_index = ClassIndex.of(version.classes)
    documents = [d for d in labeled_documents(version.project_id, "test") if class_index.holds(d.classes)]
    rng = np.random.default_rng(version.number)
    measured = [documents[row] for row in np.sort(rng.permutation(len(documents))[:MAX_MEASURED])]
    texts = _texts([d.document_id for d in measured])
    of_kind = _quality_of_spans if version.project.kind == Project.Kind.SPANS else _quality_of_classes
    quality = of_kind(version, measured, texts) if measured else None
    return None if quality is None else NewTextQuality(len(measured), round(quality.macro_f1, 4))


def _quality_of_classes(
    version: ModelVersion, documents: Sequence[LabeledDocument], texts: list[str]
) -> Quality | None:
    predictor = predictor_of(version)
    probabilities = None if predictor is None else _probabilities(version, predictor, documents, texts)
    if predictor is None or probabilities is None:
        return None
    decided = decided_labels(probabilities, predictor.link, predictor.thresholds)
    return quality_of_flags(decided, ClassIndex.of(version.classes).matrix([d.classes for d in documents]))


def _probabilities(
    version: ModelVersion,
    predictor: ClassPredictor,
    documents: Sequence[LabeledDocument],
    texts: list[str],
) -> Floats | None:
    """As for new texts. Embeddings, which take long to make, are taken as they are stored."""
    if version.metadata.view != VERSION:
        return predictor.predict_proba(texts)
    store = current_store(version.project, version.metadata.view)
    if store is None or store.view != version.metadata.view:
        return None
    rows = store.take(np.array([d.position for d in documents], dtype=np.int64))
    return predictor.probabilities(replace(rows, neighbors=None, positions=None))


def _quality_of_spans(
    version: ModelVersion, documents: Sequence[LabeledDocument], texts: list[str]
) -> Quality | None:
    predictor = span_predictor_of(version)
    if predictor is None:
        return None
    predicted = [tagged.spans for tagged in predictor.tagger.tag(texts)]
    true_spans = [labeled_spans(d) for d in documents]
    return quality_of_spans(predicted, true_spans, [pk.hex for pk in version.classes])


def _texts(document_ids: Sequence[int]) -> list[str]:
    texts: dict[Any, str] = dict(Document.objects.filter(pk__in=document_ids).values_list("pk", "text"))
    return [texts[pk] for pk in document_ids]
