"""Prequential evaluation: predictions from before the label, held against the label that then teaches.

A prediction is stored with the lease when its document is served. Held against the answer it judges the model
of that moment, without a test set and without cross-validation: an answer cannot have taught what was said
before it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django.db import connection

from labeling.explanations.selection_reason import Measures, ReasonKey
from labeling.learning.query_strategies.mix import Share
from labeling.projects.models import Project
from labeling.queue.predicates import latest_answers

MAX_ANSWERS = 1_000  # the latest that are looked at: older ones judge models of long ago

# Documents that come again are left out: the model may have learned from their first answer.
_LATEST = f"""
    FROM (SELECT *, row_number() OVER (ORDER BY annotation_id DESC) - 1 AS age
          FROM {latest_answers("%(most)s")} latest) l
    WHERE l.round = 0
      AND l.reason->>'{ReasonKey.SHARE}' NOT IN ('{Share.OVERLAP}', '{Share.SECOND_OPINION}', '{Share.GOLD}')
      AND l.reason->>'{ReasonKey.MEASURES}' IS DISTINCT FROM '{Measures.PEOPLE}' AND
"""
_CIRCUMSTANCES = f"""
    l.document_id, l.annotation_id, l.age, (l.reason->>'{ReasonKey.MODEL}')::integer,
    l.reason->>'{ReasonKey.SHARE}', (l.reason->>'{ReasonKey.PROPENSITY}')::float8,
    (SELECT document.split = 'test' FROM labeling_document document WHERE document.id = l.document_id)
"""
_PREDICTED = f"""
    SELECT {_CIRCUMSTANCES}, l.reason #>> '{{{ReasonKey.TOP},0,0}}',
           (l.reason #>> '{{{ReasonKey.TOP},0,1}}')::float8,
           ARRAY(SELECT DISTINCT given.label_class_id::text FROM labeling_label given
                 WHERE given.annotation_id = l.annotation_id)
    {_LATEST} l.reason #>> '{{{ReasonKey.TOP},0,0}}' ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'
      AND jsonb_typeof(l.reason #> '{{{ReasonKey.TOP},0,1}}') = 'number'
    ORDER BY l.annotation_id
"""
_MARKED = f"""
    SELECT {_CIRCUMSTANCES}, l.reason->'{ReasonKey.SPANS}',
           (SELECT jsonb_agg(jsonb_build_array(given.start, given."end", given.label_class_id))
            FROM labeling_label given WHERE given.annotation_id = l.annotation_id)
    {_LATEST} jsonb_typeof(l.reason->'{ReasonKey.SPANS}') = 'array'
    ORDER BY l.annotation_id
"""
Marks = frozenset[tuple[int, int, UUID]]  # start, end, class


@dataclass(frozen=True)
class Foretold:
    """One answer, to a document of which the model had said something when it was served."""

    document_id: int
    annotation_id: int
    age: int  # answers of the project that came after it
    model: int | None  # number of its version
    share: str  # of the mix, that chose the document
    propensity: float | None  # chance of a random draw; None where the document was chosen
    is_test: bool  # of the test set

    @property
    def is_sampled(self) -> bool:
        """Whether chance alone chose the document; a pick of test documents only says when they come."""
        return self.is_test or self.share == Share.RANDOM


@dataclass(frozen=True)
class Predicted(Foretold):
    """What it said of the document as a whole."""

    label_class: UUID  # the most probable one
    probability: float  # of it
    true_labels: frozenset[UUID]  # classes of the answer; empty where none applies

    @property
    def is_right(self) -> bool:
        """Whether the class is (one of) the given ones."""
        return self.label_class in self.true_labels


@dataclass(frozen=True)
class PredictedSpans(Foretold):
    """What it marked in the document."""

    predicted: Marks
    true_labels: Marks

    @property
    def is_right(self) -> bool:
        """Whether exactly the spans of the answer were marked."""
        return self.predicted == self.true_labels


def prequential(project_id: int, limit: int = MAX_ANSWERS) -> list[Predicted]:
    """Predictions and answers of the latest `limit` answers that have both, the oldest first."""
    return [
        Predicted(
            **facts,
            label_class=UUID(predicted),
            probability=probabilities,
            true_labels=frozenset(map(UUID, true_labels)),
        )
        for facts, (predicted, probabilities, true_labels) in _read(_PREDICTED, project_id, limit)
    ]


def prequential_spans(project_id: int, limit: int = MAX_ANSWERS) -> list[PredictedSpans]:
    """The same where spans are marked: what the model marked, and what the answer did."""
    return [
        PredictedSpans(**facts, predicted=_marks(predicted), true_labels=_marks(true_labels))
        for facts, (predicted, true_labels) in _read(_MARKED, project_id, limit)
    ]


def foretold(project: Project, limit: int = MAX_ANSWERS) -> Sequence[Predicted | PredictedSpans]:
    """Whichever of the two the project has."""
    if project.kind == Project.Kind.SPANS:
        return prequential_spans(project.pk, limit)
    return prequential(project.pk, limit)


def _read(statement: str, project_id: int, limit: int) -> list[tuple[dict[str, Any], tuple[Any, ...]]]:
    """What `Foretold` tells of each answer, by name; and what else the statement asks for."""
    names = [field.name for field in fields(Foretold)]
    with connection.cursor() as cursor:
        cursor.execute(statement, {"project": project_id, "most": limit})
        rows = cursor.fetchall()
    return [(dict(zip(names, row, strict=False)), row[len(names) :]) for row in rows]


def _marks(sent: str | None) -> Marks:
    """From JSON: [[start, end, class, probability], ...]; without a probability for an answer's."""
    return frozenset((start, end, UUID(name)) for start, end, name, *_odds in json.loads(sent or "[]"))
