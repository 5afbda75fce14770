"""Second-opinion candidates: settled answers to confirm, and people whose answers have proved right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

MAX_LABELS = 3  # of a document: whom three people have seen, an adjudicator helps more than a fourth
LOOKED_AT = 2_000  # of the latest answers: a second's work for the model that has not seen them

# People who label here: members with an answer that counts. Somebody who manages only is not waited for.
LABELERS_OF = """
    SELECT m.user_id FROM labeling_membership m
    WHERE m.project_id = %(project)s AND m.removed_at IS NULL
      AND EXISTS (SELECT 1 FROM labeling_lease l WHERE l.project_id = m.project_id
                  AND l.annotator_id = m.user_id AND l.state = 'submitted')
"""
COULD_ANSWER = """
    NOT EXISTS (SELECT 1 FROM labeling_lease mine
                WHERE mine.document_id = d.id AND mine.round = d.round AND mine.annotator_id = who.user_id
                  AND mine.state IN ('submitted', 'skipped'))
"""
LABELERS = f"SELECT count(*) FROM ({LABELERS_OF}) who"  # noqa: S608

# Documents that annotators settled, or that wait for a second opinion already, with what was said first.
CONFIRMABLE = f"""
    WITH latest AS (
        SELECT l.document_id, max(l.annotation_id) AS newest FROM labeling_lease l
        WHERE l.project_id = %(project)s AND l.state = 'submitted'
        GROUP BY l.document_id ORDER BY newest DESC LIMIT {LOOKED_AT}
    ), said AS (
        SELECT d.id, d.position, d.split, d.state, min(l.annotation_id) AS first,
               array_agg(l.annotator_id) AS annotators
        FROM latest
        JOIN labeling_document d ON d.id = latest.document_id
        LEFT JOIN labeling_resolution r ON r.document_id = d.id
        JOIN labeling_lease l ON l.document_id = d.id AND l.round = d.round AND l.state = 'submitted'
        WHERE (d.state = 'resolved' AND r.how IN ('agreed', 'majority'))
           OR (d.state = 'open' AND d.extra_slots > 0)
        GROUP BY d.id HAVING count(*) < {MAX_LABELS}
           AND EXISTS (SELECT 1 FROM ({LABELERS_OF}) who WHERE {COULD_ANSWER})
    )
    SELECT said.id, said.position, said.split, said.state = 'open', said.annotators,
           ARRAY(SELECT b.label_class_id FROM labeling_label b WHERE b.annotation_id = said.first)
    FROM said ORDER BY said.position
"""  # noqa: S608 - only constants of this module are put in

# Of each annotator's latest answers that others gave too, or an adjudicator decided: how many proved right.
PROVED = f"""
    SELECT l.annotator_id, count(*) FILTER (WHERE a.answer_hash = settled.answer_hash), count(*)
    FROM (SELECT * FROM labeling_lease WHERE project_id = %(project)s AND state = 'submitted'
          ORDER BY annotation_id DESC LIMIT {LOOKED_AT}) l
    JOIN labeling_annotation a ON a.id = l.annotation_id
    JOIN labeling_resolution r ON r.document_id = l.document_id
    JOIN labeling_annotation settled ON settled.id = r.annotation_id
    WHERE r.how <> 'agreed' OR EXISTS (
        SELECT 1 FROM labeling_lease o WHERE o.document_id = l.document_id AND o.round = l.round
        AND o.state = 'submitted' AND o.id <> l.id)
    GROUP BY l.annotator_id
"""  # noqa: S608

# Second opinions that no member is left to give.
UNANSWERABLE = f"""
    SELECT d.id FROM labeling_document d
    WHERE d.project_id = %(project)s AND d.state = 'open' AND d.extra_slots > 0
      AND EXISTS (SELECT 1 FROM labeling_lease l WHERE l.document_id = d.id AND l.round = d.round
                  AND l.state = 'submitted')
      AND NOT EXISTS (
          SELECT 1 FROM labeling_membership who
          WHERE who.project_id = d.project_id AND who.removed_at IS NULL AND {COULD_ANSWER})
    ORDER BY d.id
"""  # noqa: S608

ANSWERABLE = f"""
    SELECT d.id FROM labeling_document d
    WHERE d.project_id = %(project)s AND d.id = ANY(%(documents)s)
      AND EXISTS (SELECT 1 FROM labeling_membership who
                  WHERE who.project_id = d.project_id AND who.removed_at IS NULL AND {COULD_ANSWER})
    ORDER BY d.id
"""  # noqa: S608


@dataclass(frozen=True)
class Confirmable:
    """A document whose answer one more person could confirm."""

    document_id: int
    position: int
    split: str
    is_asked: bool  # it waits for a second opinion already
    annotators: tuple[int, ...]
    classes: frozenset[UUID]


def labeler_count(project_id: int) -> int:
    """How many members have an answer here that counts."""
    return int(_rows(LABELERS, project_id)[0][0])


def confirmable(project_id: int) -> list[Confirmable]:
    """Documents with fewer than three answers, all alike, that somebody who labels here has not seen."""
    return [
        Confirmable(pk, position, split, is_asked, tuple(annotators), frozenset(classes))
        for pk, position, split, is_asked, annotators, classes in _rows(CONFIRMABLE, project_id)
    ]


def proved_right(project_id: int) -> dict[int, tuple[int, int]]:
    """By annotator: answers that proved right, and answers that could be compared."""
    return {annotator: (right, compared) for annotator, right, compared in _rows(PROVED, project_id)}


def unanswerable(project_id: int) -> list[int]:
    """Documents that wait for a second opinion which no member is left to give."""
    return [pk for (pk,) in _rows(UNANSWERABLE, project_id)]


def answerable(project_id: int, document_ids: Sequence[int]) -> list[int]:
    """Those of these documents that a member has neither answered nor skipped in this round."""
    return [pk for (pk,) in _rows(ANSWERABLE, project_id, documents=list(document_ids))]


def _rows(statement: str, project_id: int, **facts: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"project": project_id, **facts})
        return list(cursor.fetchall())
