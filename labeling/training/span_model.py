"""Span model: how a project of spans learns, is measured and predicts. Conditional random fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from labeling.learning.sequence.crf import SpanTagger, Tagged, train_tagger
from labeling.learning.sequence.crf_features import Describer
from labeling.learning.sequence.crf_weights import NotAModel
from labeling.learning.sequence.cross_validation import cross_validate_spans
from labeling.learning.sequence.token_blocks import TokenBlock
from labeling.learning.storage.token_store import TokenStore
from labeling.learning.text.word_clusters import WordClusters
from labeling.predictions.held_out import labeled_next
from labeling.predictions.metadata import CorrectCount, CrossValidatedCounts, EstimatorRun, PredictionChange
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from labeling.queue.models import Entry
from labeling.ranking.attached_spans import AttachedSpans
from labeling.ranking.head import Ranker
from labeling.ranking.span_head import tagger_ranker
from labeling.training.dataset import TrainingSet
from labeling.training.model_files import is_as_written, model_folder
from labeling.training.own_estimator import EstimatorFailed
from labeling.training.own_spans import OwnSpans, SpanModel, fit_own_spans
from labeling.training.stability import earlier_of, last_cross_validated

MAX_FOLD_CHARACTERS = 20_000  # characters that folds are trained on: a second or two
GROWN = 1.1  # times the labels of the last time, from which it is worth another
MAX_TOTAL_CHARACTERS = 400_000  # characters in which words are looked for
MAX_COMPARED_CHARACTERS = 300_000  # characters that two models are compared on


class SpanKind:
    """A tagger of spans, see `ModelKind`."""

    def fit(self, version: ModelVersion, training_set: TrainingSet, folder: Path) -> SpanModel:
        training_texts, project = training_texts_of(training_set.documents), training_set.project
        train_tagger(training_texts.texts, training_texts.spans, folder, _clusters_of(version))
        model = SpanModel(SpanTagger.open(folder))
        if not project.estimator:
            return model
        ranker = self.ranker(project, version, model)
        try:
            own, counts, run = fit_own_spans(training_set, training_texts.texts, training_texts.spans, ranker)
        except EstimatorFailed as error:
            run = EstimatorRun(project.estimator, project.estimator_use, failure=str(error))
            version.metadata = replace(version.metadata, estimator=run)
            return model
        own.save(folder)
        crossed = CrossValidatedCounts.of(version.label_count, counts.tolist())
        version.metadata = replace(version.metadata, estimator=run, cross_validated=crossed)
        return replace(model, own=own)

    def open(self, version: ModelVersion) -> SpanModel | None:
        if not is_as_written(version):
            return None
        try:
            folder = model_folder(version)
            return SpanModel(SpanTagger.open(folder), OwnSpans.load(folder))
        except (FileNotFoundError, NotAModel):
            return None

    def cross_validate(
        self, version: ModelVersion, training_set: TrainingSet, model: SpanModel
    ) -> CrossValidatedCounts | None:
        """Each fold is a training, so it is done only while the test set is small and when there are a good
        part more labels than the last time, on as many documents drawn at random as there is time for.
        """
        if model.own is not None:
            return version.metadata.cross_validated
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
                _clusters_of(version),
                seed=version.number,
            )
        return CrossValidatedCounts.of(len(rows), counts.tolist()) if counts.shape[1] else last

    def predict_test_set(self, version: ModelVersion, model: SpanModel) -> CorrectCount:
        labeled = {d.document_id: d for d in labeled_documents(version.project_id, "test")}
        document_ids = {*labeled, *labeled_next(version.project_id, len(labeled))}
        texts = dict(Document.objects.filter(pk__in=document_ids).order_by("pk").values_list("pk", "text"))
        predicted = dict(zip(texts, model.tag(list(texts.values())), strict=True))
        attributions = {} if model.own else _attributions(model.tagger, texts, predicted, labeled)
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

    def stability(self, version: ModelVersion, model: SpanModel) -> PredictionChange | None:
        """Kappa of the tags of words, on a fixed random sample of the pool."""
        tokens, earlier = _tokens_of(version), earlier_of(version)
        before = None if earlier is None else self.open(earlier)
        if earlier is None or before is None or tokens is None or model.own or before.own:
            return None
        sampled = Document.objects.trainable().filter(project=version.project_id).order_by("random_key")
        texts = list(sampled.values_list("text", flat=True)[:SAMPLE])
        lengths = np.cumsum([len(text) for text in texts])
        texts = texts[: int(np.searchsorted(lengths, MAX_COMPARED_CHARACTERS, side="right"))]
        names = [label_class.hex for label_class in version.classes]
        block = TokenBlock.of_texts(texts, Describer(tokens.clusters))
        first, second = (
            tagger.score(block, names).tags.astype(np.int64) + 1 for tagger in (before.tagger, model.tagger)
        )
        return PredictionChange(
            kappa=round(kappa(first, second), 4),
            since=earlier.number,
            documents=len(texts),
            labels=version.label_count - earlier.label_count,
        )

    def ranker(self, project: Project, version: ModelVersion, model: SpanModel) -> Ranker:
        ranker = tagger_ranker(project, version, model.tagger, lambda: self._before(version))
        return replace(ranker, explain=lambda entries: self.explain(version, model, entries))

    def explain(self, version: ModelVersion, model: SpanModel, entries: Sequence[Entry]) -> list[Entry]:
        tokens = _tokens_of(version)
        return list(entries) if tokens is None else AttachedSpans(version, model, tokens).of(entries)

    def _before(self, version: ModelVersion) -> SpanTagger | None:
        """The last model before this one that speaks of the same words and classes."""
        before = (
            ModelVersion.objects.ready()
            .filter(project=version.project_id, number__lt=version.number)
            .order_by("-number")
            .first()
        )
        if before is None or before.metadata.edition != version.metadata.edition:
            return None
        opened = self.open(before)
        return None if opened is None else opened.tagger


def _tokens_of(version: ModelVersion) -> TokenStore | None:
    """Tokens of the project's pool; None before there are any."""
    project = version.project
    return current_tokens(edition_folder(project.pk, project.feature_edition))


def _clusters_of(version: ModelVersion) -> WordClusters | None:
    tokens = _tokens_of(version)
    return tokens.clusters if tokens else None


@dataclass(frozen=True)
class TrainingTexts:
    """Texts, and the spans that are labeled in each."""

    texts: list[str]
    spans: list[list[Span]]


def training_texts_of(documents: Sequence[LabeledDocument]) -> TrainingTexts:
    texts = dict(Document.objects.filter(pk__in=[d.document_id for d in documents]).values_list("pk", "text"))
    return TrainingTexts([texts[d.document_id] for d in documents], [labeled_spans(d) for d in documents])


def labeled_spans(document: LabeledDocument) -> list[Span]:
    """What a document is labeled with, as a tagger names it."""
    return [
        Span(start, end, label_class.hex)
        for label_class, start, end in document.labels
        if start is not None and end
    ]


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
