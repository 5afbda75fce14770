"""Was the model right about what it was then taught? Predictions from before the label, and the label.

A prediction is stored with the lease when its document is served. Held against the answer it judges the model
of that moment, without a test set and without cross-validation: an answer cannot have taught what was said
before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

MOST_ANSWERS = 1_000  # the latest that are looked at: older ones judge models of long ago

# Documents that come again are left out: the model may have learnt from their first answer.
_PREDICTED = """
    SELECT l.document_id, l.annotation_id, l.age, (l.reason->>'model')::integer, l.reason #>> '{top,0,0}',
           (l.reason #>> '{top,0,1}')::float8,
           ARRAY(SELECT DISTINCT given.label_class_id::text FROM labeling_label given
                 WHERE given.annotation_id = l.annotation_id),
           l.reason->>'share', (l.reason->>'propensity')::float8,
           (SELECT document.split = 'test' FROM labeling_document document WHERE document.id = l.document_id)
    FROM (SELECT *, row_number() OVER (ORDER BY annotation_id DESC) - 1 AS age
          FROM (SELECT * FROM labeling_lease WHERE project_id = %(project)s AND state = 'submitted'
                ORDER BY annotation_id DESC LIMIT %(most)s) latest) l
    WHERE l.reason #>> '{top,0,0}' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      AND jsonb_typeof(l.reason #> '{top,0,1}') = 'number' AND l.round = 0
      AND l.reason->>'share' NOT IN ('overlap', 'second_opinion', 'gold')
      AND l.reason->>'independent' IS DISTINCT FROM 'again'
    ORDER BY l.annotation_id
"""


@dataclass(frozen=True)
class Predicted:
    """One answer, and what the model said of its document when it was served."""

    document_id: int
    annotation_id: int
    age: int  # answers of the project that came after it
    model: int | None  # number of its version
    label_class: UUID  # the most probable one
    probability: float  # of it
    given: frozenset[UUID]  # classes of the answer; empty where none applies
    share: str  # of the mix, that chose the document
    propensity: float | None  # chance of a random draw; None where the document was chosen
    is_test: bool  # of the test set

    @property
    def is_drawn(self) -> bool:
        """Whether chance alone chose the document; a pick of test documents only says when they come."""
        return self.is_test or self.share == "random"

    @property
    def is_right(self) -> bool:
        """Whether the class is (one of) the given ones."""
        return self.label_class in self.given


def prequential(project_id: int, most: int = MOST_ANSWERS) -> list[Predicted]:
    """Predictions and answers of the latest `most` answers that have both, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_PREDICTED, {"project": project_id, "most": most})
        rows = cursor.fetchall()
    return [
        Predicted(
            document, annotation, age, model, UUID(said), odds,
            frozenset(UUID(name) for name in given), share, propensity, is_test,
        )
        for document, annotation, age, model, said, odds, given, share, propensity, is_test in rows
    ]  # fmt: skip
