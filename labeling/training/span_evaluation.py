"""Span evaluation: what a new tagger says of the test set, and how steady it is, kept besides its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import numpy as np

from labeling.annotations.ground_truth import LabeledDocument, labeled_documents
from labeling.documents.models import Document
from labeling.features.editions import edition_folder
from labeling.features.tokens import current_tokens
from labeling.learning.arrays.class_index import ClassIndex
from labeling.learning.classifiers.cross_validation import SMALL_TEST_SET
from labeling.learning.evaluation.stopping_criteria import SAMPLE, kappa
from labeling.learning.explanation.span_attributions import TokenAttribution, attribute_spans
from labeling.learning.sequence.bio_tags import Span
from labeling.learning.sequence.crf import SpanTagger, Tagged
from labeling.learning.sequence.crf_features import Describer
from labeling.learning.sequence.cross_validation import cross_validate_spans
from labeling.learning.sequence.token_blocks import TokenBlock
from labeling.predictions.held_out import labeled_next
from labeling.predictions.metadata import CorrectCount, CrossValidatedCounts, PredictionChange
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from labeling.training.dataset import TrainingSet
from labeling.training.span_model import clusters_of, labeled_spans, training_texts_of
from labeling.training.stability import earlier_of, last_cross_validated

MAX_FOLD_CHARACTERS = 20_000  # characters that folds are trained on: a second or two
GROWN = 1.1  # times the labels of the last time, from which it is worth another
MAX_TOTAL_CHARACTERS = 400_000  # characters in which words are looked for
MAX_COMPARED_CHARACTERS = 300_000  # characters that two models are compared on


def predict_spans(version: ModelVersion, tagger: SpanTagger) -> CorrectCount:
    """Store what the tagger says of test documents that are labeled, and of those that are so next.

    Returns how many are labeled with classes that it knows, and how many of them it got right in full.
    """
    labeled = {d.document_id: d for d in labeled_documents(version.project_id, "test")}
    document_ids = {*labeled, *labeled_next(version.project_id, len(labeled))}
    texts = dict(Document.objects.filter(pk__in=document_ids).order_by("pk").values_list("pk", "text"))
    predicted = dict(zip(texts, tagger.tag(list(texts.values())), strict=True))
    attributions = _attributions(tagger, texts, predicted, labeled)
    class_index = ClassIndex.of(version.classes)
    HeldOutPrediction.objects.bulk_create(
        [
            HeldOutPrediction(
                model_version=version,
                document_id=pk,
                spans=_stored(predicted[pk], class_index),
                pulls=attributions.get(pk),
            )
            for pk in texts
        ],
        batch_size=1_000,
    )
    measurable = [
        d for d in labeled.values() if d.document_id in predicted and d.classes <= set(version.classes)
    ]
    right = sum(set(labeled_spans(d)) == set(predicted[d.document_id].spans) for d in measurable)
    return CorrectCount(len(measurable), right)


def cross_validated_spans(version: ModelVersion, training_set: TrainingSet) -> CrossValidatedCounts | None:
    """What cross-validation says of spans, as `stability.cross_validated_counts` tells of whole documents.

    Each fold is a training, so it is done only while the test set is small and when there are a good part
    more labels than the last time, on as many documents drawn at random as there is time for.
    """
    last = last_cross_validated(version)
    if last and version.label_count < GROWN * last.labels:
        return last
    if len(labeled_documents(version.project_id, "test")) >= SMALL_TEST_SET:
        return last
    training_texts = training_texts_of(training_set.documents)
    sampled = np.random.default_rng(version.number).permutation(len(training_texts.texts))
    lengths = np.cumsum([len(training_texts.texts[row]) for row in sampled])
    rows = sampled[: int(np.searchsorted(lengths, MAX_FOLD_CHARACTERS, side="right"))].tolist()
    with TemporaryDirectory() as folder:
        counts = cross_validate_spans(
            [training_texts.texts[row] for row in rows],
            [training_texts.spans[row] for row in rows],
            [label_class.hex for label_class in version.classes],
            Path(folder),
            clusters_of(training_set.project),
            seed=version.number,
        )
    return CrossValidatedCounts.of(len(rows), counts.tolist()) if counts.shape[1] else last


def change_of_tags(
    version: ModelVersion, tagger: SpanTagger, saved: Callable[[ModelVersion], SpanTagger | None]
) -> PredictionChange | None:
    """Kappa of this model's tags of words and an earlier one's, as `stability.change_since` tells.

    saved : opens the tagger of a version
    """
    project = Project.objects.get(pk=version.project_id)
    tokens = current_tokens(edition_folder(project.pk, project.feature_edition))
    earlier = earlier_of(version)
    before = None if earlier is None else saved(earlier)
    if earlier is None or before is None or tokens is None:
        return None
    sampled = Document.objects.trainable().filter(project=project).order_by("random_key")
    texts = list(sampled.values_list("text", flat=True)[:SAMPLE])
    lengths = np.cumsum([len(text) for text in texts])
    texts = texts[: int(np.searchsorted(lengths, MAX_COMPARED_CHARACTERS, side="right"))]
    names = [label_class.hex for label_class in version.classes]
    block = TokenBlock.of_texts(texts, Describer(tokens.clusters))
    first, second = (model.score(block, names).tags.astype(np.int64) + 1 for model in (before, tagger))
    return PredictionChange(
        kappa=round(kappa(first, second), 4),
        since=earlier.number,
        documents=len(texts),
        labels=version.label_count - earlier.label_count,
    )


def _stored(predicted: Tagged, class_index: ClassIndex) -> list[list[float]]:
    return [
        [span.start, span.end, class_index.column(UUID(span.label_class)), round(probability, 4)]
        for span, probability in zip(predicted.spans, predicted.probabilities, strict=True)
        if UUID(span.label_class) in class_index
    ]


def _attributions(
    tagger: SpanTagger,
    texts: Mapping[int, str],
    predicted: Mapping[int, Tagged],
    labeled: Mapping[int, LabeledDocument],
) -> dict[int, dict[str, Any]]:
    """The words that decided, first of documents that are wrong, then of those with the least sure span.

    Each as {"words": [[start, end, nats], ...] that pull to what is marked, "others": those that pull away}.
    """
    true_spans: dict[int, list[Span]] = {pk: labeled_spans(labeled[pk]) for pk in texts if pk in labeled}
    is_wrong = {pk: pk in true_spans and set(true_spans[pk]) != set(predicted[pk].spans) for pk in texts}
    telling = [pk for pk in texts if is_wrong[pk] or predicted[pk].spans]
    telling.sort(key=lambda pk: (not is_wrong[pk], min(predicted[pk].probabilities, default=1.0)))
    lengths = np.cumsum([len(texts[pk]) for pk in telling])
    read = telling[: int(np.searchsorted(lengths, MAX_TOTAL_CHARACTERS, side="right"))]
    if not read:
        return {}
    attributions = attribute_spans(
        tagger,
        [texts[pk] for pk in read],
        [predicted[pk] for pk in read],
        [true_spans.get(pk) for pk in read],
    )
    return {
        pk: {"words": _rounded(words.towards), "others": _rounded(words.against)}
        for pk, words in zip(read, attributions, strict=True)
    }


def _rounded(attributions: Sequence[TokenAttribution]) -> list[list[float]]:
    return [[word.start, word.end, round(word.nats, 2)] for word in attributions]
