"""Agreement data: what people said of the same document, answers that can be held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from labeling.queue.predicates import latest_answers

MAX_ANSWERS = 2_000  # the latest that are looked at: people learn, and rules change

# Answers of one round were given by different people to the same document.
_COMPARED = f"""
    SELECT l.document_id, l.round, l.split, given.classes, given.starts, given.ends
    FROM (SELECT latest.*, d.split, count(*) OVER (PARTITION BY latest.document_id, latest.round) AS answers
          FROM {latest_answers("%(most)s", "document_id, round, annotation_id")} latest
          JOIN labeling_document d ON d.id = latest.document_id) l
    CROSS JOIN LATERAL (
        SELECT array_agg(label_class_id ORDER BY id), array_agg(start ORDER BY id),
               array_agg("end" ORDER BY id)
        FROM labeling_label WHERE annotation_id = l.annotation_id) given (classes, starts, ends)
    WHERE l.answers > 1
    ORDER BY l.annotation_id
"""


@dataclass(frozen=True)
class ComparedAnswer:
    """One person's answer to a document that somebody else answered too."""

    document_id: int
    round: int
    is_test: bool
    labels: tuple[tuple[UUID, int | None, int | None], ...]  # class, start, end

    @property
    def classes(self) -> frozenset[UUID]:
        return frozenset(label_class for label_class, _, _ in self.labels)


def compared_answers(project_id: int, limit: int = MAX_ANSWERS) -> list[ComparedAnswer]:
    """Of the latest `limit` answers those to a document that several people answered, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPARED, {"project": project_id, "most": limit})
        rows = cursor.fetchall()
    return [
        ComparedAnswer(
            document,
            number,
            split == "test",
            tuple(zip(classes or (), starts or (), ends or (), strict=True)),
        )
        for document, number, split, classes, starts, ends in rows
    ]
