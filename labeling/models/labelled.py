"""Which answers may a model learn from, and which may judge it? Read in one statement each."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

# A settled document speaks through what settled it; one that waits for more opinions, through its first
# answer (in the test set only where it was settled before: a second opinion).
# Documents speak once they were compared with all others; near-duplicates of test documents never train.
_SPEAKING = """
    WITH speaking AS (
        SELECT r.document_id, r.annotation_id FROM labeling_resolution r WHERE r.project_id = %(project)s
        UNION ALL
        (SELECT DISTINCT ON (l.document_id) l.document_id, l.annotation_id
         FROM labeling_lease l JOIN labeling_document d ON d.id = l.document_id
         WHERE l.project_id = %(project)s AND l.state = 'submitted' AND d.state = 'open' AND l.round = d.round
               AND (d.split = 'pool' OR d.extra_slots > 0)
         ORDER BY l.document_id, l.slot)
    )
"""
LABELLED = f"""
    {_SPEAKING}, measured AS MATERIALIZED (
        SELECT DISTINCT near_duplicate_group FROM labeling_document
        WHERE project_id = %(project)s AND near_duplicate_group IS NOT NULL AND split = 'test'
    )
    SELECT d.id, d.position, s.annotation_id,
           array_agg(l.label_class_id ORDER BY l.id) FILTER (WHERE l.id IS NOT NULL),
           array_agg(l.start ORDER BY l.id), array_agg(l."end" ORDER BY l.id)
    FROM speaking s
    JOIN labeling_document d ON d.id = s.document_id
    JOIN labeling_project p ON p.id = d.project_id
    LEFT JOIN labeling_label l ON l.annotation_id = s.annotation_id
    WHERE d.split = %(split)s
      AND d.position < p.grouped_count
      AND (d.split = 'test' OR NOT EXISTS (
           SELECT 1 FROM labeling_document t
           WHERE t.project_id = d.project_id AND t.content_hash = d.content_hash AND t.split = 'test'))
      AND (d.split = 'test' OR d.near_duplicate_group IS NULL
           OR d.near_duplicate_group NOT IN (SELECT near_duplicate_group FROM measured))
    GROUP BY d.id, d.position, s.annotation_id
    ORDER BY d.position
"""  # noqa: S608 - only constants of this module are put in
LABEL_COUNTS = f"""
    {_SPEAKING}
    SELECT l.label_class_id, d.split, count(*)
    FROM speaking s
    JOIN labeling_document d ON d.id = s.document_id
    JOIN labeling_label l ON l.annotation_id = s.annotation_id
    GROUP BY 1, 2
"""  # noqa: S608


@dataclass(frozen=True)
class LabelledDocument:
    """A document with the labels that count for it now."""

    document_id: int
    position: int
    annotation_id: int
    labels: tuple[tuple[UUID, int | None, int | None], ...]  # class, start, end

    @property
    def classes(self) -> set[UUID]:
        return {label_class for label_class, _, _ in self.labels}


def labelled_documents(project_id: int, split: str) -> list[LabelledDocument]:
    """The labelled documents of one split, in the order of their positions."""
    with connection.cursor() as cursor:
        cursor.execute(LABELLED, {"project": project_id, "split": split})
        return [
            LabelledDocument(
                document, position, annotation, tuple(zip(classes or (), starts, ends, strict=False))
            )
            for document, position, annotation, classes, starts, ends in cursor.fetchall()
        ]


def label_counts(project_id: int) -> dict[tuple[UUID, str], int]:
    """Labels of the documents that speak, by (class, split)."""
    with connection.cursor() as cursor:
        cursor.execute(LABEL_COUNTS, {"project": project_id})
        return {(label_class, split): count for label_class, split, count in cursor.fetchall()}
