"""Attached predictions: what the model thinks of the documents that it puts into the head, and why.

Every entry carries it, whichever share chose the document: once the label is there, the prediction that was
made before can be held against it, and what people read about a suggestion fits the model that made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
from django.db.models.functions import Left

from labeling.documents.models import Document
from labeling.explanations.selection_reason import (
    ClassProbability,
    ExpertPrediction,
    ModelEvidence,
    WordAttribution,
)
from labeling.learning.arrays.types import Flags, Floats
from labeling.learning.classifiers.committee import Committee
from labeling.learning.explanation.explaining import MAX_CHARACTERS, Explanation, explain
from labeling.learning.query_strategies.pool_scores import score_rows
from labeling.learning.storage.feature_store import WORDS, FeatureStore
from labeling.predictions.models import ModelVersion
from labeling.queue.models import Entry

MAX_TOTAL_CHARACTERS = (
    300_000  # characters searched for words that pull, the first of the head first: .2 seconds
)
MAX_LIKELY_CLASSES = 10  # classes of several that are told
MIN_TEXT_ATTRIBUTION = 0.5  # nats from which a text as a whole is named, if its words do not pull more


@dataclass(frozen=True)
class AttachedPredictions:
    """A model that can say what it thinks."""

    version: ModelVersion
    committee: Committee
    store: FeatureStore

    def of(self, entries: Sequence[Entry]) -> list[Entry]:
        """The same entries; the reasons of those that have features say what the model thinks, and why.

        A reason that names the model that chose its document goes on naming it.
        """
        ids = [document for document, _reason in entries]
        rows = Document.objects.filter(pk__in=ids, position__lt=len(self.store))
        documents = {
            pk: (position, text)
            for pk, position, text in rows.values_list("pk", "position", Left("text", MAX_CHARACTERS))
        }
        readable = [pk for pk in ids if pk in documents]
        if not readable:
            return list(entries)
        attached = dict(
            zip(
                readable,
                self._evidence_of_each(
                    [documents[pk][0] for pk in readable], [documents[pk][1] for pk in readable]
                ),
                strict=True,
            )
        )
        number = self.version.number
        return [
            (pk, reason.with_evidence(number, attached[pk]) if pk in attached else reason)
            for pk, reason in entries
        ]

    def _evidence_of_each(self, positions: Sequence[int], texts: Sequence[str]) -> list[ModelEvidence]:
        rows = self.store.take(np.array(positions, dtype=np.int64))
        scores = score_rows(rows, self.committee)
        read = int(
            np.searchsorted(np.cumsum([len(text) for text in texts]), MAX_TOTAL_CHARACTERS, side="right")
        )
        featurizer = self.store.featurizer if self.store.view == WORDS else None
        explained = explain(rows, texts[:read], self.committee, scores.classes, featurizer)
        pairs = zip(scores.classes.tolist(), scores.probabilities.tolist(), explained, strict=True)
        attached = [self._evidence(*each) for each in pairs]
        if self.committee.link == "sigmoid":
            probabilities = self.committee.probabilities(rows)
            decided = self.committee.decide(probabilities)
            attached = [
                replace(evidence, likely=self._likely(is_likely, row_probabilities))
                for evidence, is_likely, row_probabilities in zip(
                    attached, decided, probabilities, strict=True
                )
            ]
        return attached

    def _likely(self, is_likely: Flags, probabilities: Floats) -> tuple[ClassProbability, ...]:
        """Of several classes, those that the model would choose, the likeliest first."""
        names: Sequence[UUID] = self.version.classes
        indices = sorted(np.flatnonzero(is_likely).tolist(), key=lambda index: -probabilities[index])[
            :MAX_LIKELY_CLASSES
        ]
        return tuple(
            ClassProbability(str(names[index]), round(float(probabilities[index]), 4)) for index in indices
        )

    def _evidence(self, classes: list[int], probabilities: list[float], why: Explanation) -> ModelEvidence:
        names: Sequence[UUID] = self.version.classes
        is_whole = why.whole >= max(MIN_TEXT_ATTRIBUTION, sum(nats for _word, nats in why.words))
        return ModelEvidence(
            top=tuple(
                ClassProbability(str(names[n]), round(p, 4))
                for n, p in zip(classes, probabilities, strict=True)
                if n >= 0
            ),
            experts=tuple(
                ExpertPrediction(view.expert, str(names[view.label_class]), round(view.probability, 3))
                for view in why.views
            ),
            words=tuple(WordAttribution(word, round(nats, 2)) for word, nats in why.words),
            whole_text=round(why.whole, 2) if is_whole else None,
        )
