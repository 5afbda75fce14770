"""Gold answers: which documents measure whoever labels them, and how everybody did. Read only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from labeling.models.doubtful import COULD_ANSWER, LABELERS_OF
from labeling.models.uptime import LEASE_NOW

MAX_EXTRA_SLOTS = 16  # slots beyond the overlap; the constraint of the same number keeps it

_HELD = f"""
    (SELECT count(*) FROM labeling_lease held
     WHERE held.document_id = d.id AND held.round = d.round
       AND (held.state = 'submitted' OR (held.state = 'live' AND held.leased_until > {LEASE_NOW})))
"""  # noqa: S608

# Gold documents that somebody who labels here has not seen, those with the fewest answers first and equal
# ones in an order that the seed draws.
SERVABLE = f"""
    SELECT d.id FROM labeling_document d JOIN labeling_project p ON p.id = d.project_id
    WHERE d.project_id = %(project)s AND d.is_gold
      AND {_HELD} < p.overlap + {MAX_EXTRA_SLOTS}
      AND EXISTS (SELECT 1 FROM ({LABELERS_OF}) who WHERE {COULD_ANSWER})
    ORDER BY {_HELD}, md5(d.id::text || '/' || %(seed)s::text)
    LIMIT %(most)s
"""  # noqa: S608 - only constants of this module are put in

# One slot more than are held, so that one more person gets the document; nothing of what is held is lost.
RAISE = f"""
    UPDATE labeling_document d SET extra_slots = greatest({_HELD} + 1 - p.overlap, 0)
    FROM labeling_project p
    WHERE p.id = d.project_id AND d.id = ANY(%(documents)s) AND d.is_gold
      AND {_HELD} < p.overlap + {MAX_EXTRA_SLOTS}
    RETURNING d.id
"""  # noqa: S608

# Answers to documents that were served as gold: those from before do not count, they made the gold answer.
ANSWERS = """
    SELECT l.annotator_id, l.document_id, l.annotation_id, r.annotation_id
    FROM labeling_lease l
    JOIN labeling_document d ON d.id = l.document_id AND d.is_gold AND d.round = l.round
    JOIN labeling_resolution r ON r.document_id = d.id
    WHERE l.project_id = %(project)s AND l.state = 'submitted' AND l.reason->>'share' = 'gold'
    ORDER BY l.annotator_id, l.annotation_id
"""
LABELS = """
    SELECT annotation_id, label_class_id, start, "end" FROM labeling_label
    WHERE annotation_id = ANY(%(annotations)s) ORDER BY annotation_id, id
"""

Labels = frozenset[tuple[UUID, int | None, int | None]]  # class, start, end


@dataclass(frozen=True)
class GoldAnswer:
    """What somebody answered to a gold document that the queue gave them."""

    annotator_id: int
    document_id: int
    given: Labels
    gold: Labels

    @property
    def is_right(self) -> bool:
        """Whether it is the gold answer in full; for spans, each with its class and bounds."""
        return self.given == self.gold


def gold_answers(project_id: int) -> list[GoldAnswer]:
    """Each annotator's answers to gold documents beside what is right, by annotator, the oldest first."""
    found = _rows(ANSWERS, project=project_id)
    labels = _labels({annotation for row in found for annotation in row[2:]})
    none: Labels = frozenset()
    return [
        GoldAnswer(annotator, document, labels.get(given, none), labels.get(gold, none))
        for annotator, document, given, gold in found
    ]


def servable(project_id: int, most: int, seed: int) -> list[int]:
    """At most so many gold documents that a further person could answer, the least answered first."""
    return [pk for (pk,) in _rows(SERVABLE, project=project_id, most=most, seed=seed)]


def raise_slots(document_ids: list[int]) -> set[int]:
    """Give each of these locked gold documents one free slot. Returns those that have one now."""
    return {pk for (pk,) in _rows(RAISE, documents=document_ids)}


def _labels(annotations: Iterable[int]) -> dict[int, Labels]:
    found: dict[int, set[tuple[UUID, int | None, int | None]]] = {}
    for annotation, label_class, start, end in _rows(LABELS, annotations=list(annotations)):
        found.setdefault(annotation, set()).add((label_class, start, end))
    return {annotation: frozenset(labels) for annotation, labels in found.items()}


def _rows(statement: str, **given: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())
