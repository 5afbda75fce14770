"""How does a project of spans learn, predict and order its queue?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from labeling.actions.heads import Ranker, at_random
from labeling.actions.lessons import Lesson
from labeling.learning.cost import PRIOR, per_second
from labeling.learning.crf import SpanTagger, train_tagger
from labeling.learning.mix import HeadEntry, Share, interleave
from labeling.learning.spans import Span
from labeling.models import Document, HeldOutPrediction, Lease, ModelVersion, Project
from labeling.models.labelled import labelled_documents

TAGGED_CANDIDATES = 4_000  # texts that a tagger looks at for one head; it reads a few thousand a second


def fit_tagger(lesson: Lesson, folder: Path) -> SpanTagger:
    """Train on the labelled documents; the model's file lies in the folder."""
    texts = dict(
        Document.objects.filter(pk__in=[d.document_id for d in lesson.documents]).values_list("pk", "text")
    )
    spans = [
        [
            Span(start, end, label_class.hex)
            for label_class, start, end in d.labels
            if start is not None and end
        ]
        for d in lesson.documents
    ]
    train_tagger([texts[d.document_id] for d in lesson.documents], spans, folder)
    return open_tagger(folder)


def open_tagger(folder: Path) -> SpanTagger:
    """The model that `fit_tagger` left in a folder."""
    return SpanTagger.open(folder)


def predict_spans(version: ModelVersion, tagger: SpanTagger) -> None:
    """Store what the tagger says of the labelled documents of the test set."""
    place = {label_class.hex: number for number, label_class in enumerate(version.classes)}
    documents = Document.objects.filter(
        pk__in=[d.document_id for d in labelled_documents(version.project_id, "test")]
    )
    predictions = []
    texts = dict(documents.values_list("pk", "text"))
    for pk, found in zip(texts, tagger.tag(list(texts.values())), strict=True):
        spans = [
            [span.start, span.end, place[span.label_class], round(probability, 4)]
            for span, probability in zip(found.spans, found.probabilities, strict=True)
            if span.label_class in place
        ]
        predictions.append(HeldOutPrediction(model_version=version, document_id=pk, spans=spans))
    HeldOutPrediction.objects.bulk_create(predictions, batch_size=1_000)


def tagger_ranker(project: Project, version: ModelVersion, tagger: SpanTagger) -> Ranker:
    """By how little the tagger is sure of a text, among texts drawn at random; a tenth at random."""

    def choose(seed: int, size: int) -> Sequence[HeadEntry]:
        candidates = _random_open(project, seed, TAGGED_CANDIDATES)
        if project.strategy == Project.Strategy.RANDOM:
            drawn = np.array([position for position, _ in candidates], dtype=np.int64)
            return at_random(drawn, seed, size)
        tagged = tagger.tag([text for _, text in candidates])
        likelihoods = np.array([one.log_likelihood for one in tagged])
        scores = per_second(likelihoods, np.array([one.n_tokens for one in tagged]), PRIOR)
        by_chance = {place for place in range(len(candidates)) if place % 10 == 9}
        ordered = [int(p) for p in np.argsort(-scores, kind="stable") if int(p) not in by_chance]
        sure = [HeadEntry(candidates[p][0], Share.MARGIN, informativeness=float(scores[p])) for p in ordered]
        chance = [HeadEntry(candidates[p][0], Share.RANDOM, propensity=0.1) for p in sorted(by_chance)]
        tenth = min(len(chance), max(1, size // 10))
        return interleave([sure[: size - tenth], chance[:tenth]])

    return Ranker(project, choose, version)


def _random_open(project: Project, seed: int, count: int) -> list[tuple[int, str]]:
    """(position, text) of open pool documents from a random place of their random order on."""
    start = float(np.random.default_rng(seed).uniform(project.test_share, 1.0))
    waiting = (
        Document.objects.pool()
        .filter(project=project, state=Document.State.OPEN)
        .exclude(leases__state=Lease.State.SUBMITTED)
        .order_by("random_key")
    )
    found = list(waiting.filter(random_key__gte=start).values_list("position", "text")[:count])
    if len(found) < count:
        found += waiting.filter(random_key__lt=start).values_list("position", "text")[: count - len(found)]
    return found
