"""Ground truth: which answers a model may learn from, and which may judge it. One statement each."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from labeling.documents.predicates import first_answer_speaks, trainable

# A settled document speaks through what settled it; one that waits for more opinions, through its first
# answer (in the test set only where it was settled before: a second opinion). Answers that settled nothing
# are found among the project's answers alone: the pool may be a thousand times as large.
# Documents speak once they were compared with all others: so reports know which of them are alike. Exact
# copies of test documents never train; what is only like one does.
_SPEAKING = f"""
    WITH waiting AS MATERIALIZED (
        SELECT l.document_id, l.annotation_id, l.slot, l.round FROM labeling_lease l
        WHERE l.project_id = %(project)s AND l.state = 'submitted'
              AND NOT EXISTS (SELECT 1 FROM labeling_resolution r
                              WHERE r.project_id = %(project)s AND r.document_id = l.document_id)
    ), speaking AS (
        SELECT r.document_id, r.annotation_id FROM labeling_resolution r WHERE r.project_id = %(project)s
        UNION ALL
        (SELECT DISTINCT ON (w.document_id) w.document_id, w.annotation_id
         FROM waiting w JOIN labeling_document d ON d.id = w.document_id
         WHERE {first_answer_speaks("d")} AND w.round = d.round
         ORDER BY w.document_id, w.slot)
    )
"""
# Of the test set, documents that may speak have an index of their own.
_TESTED = """
    tested AS MATERIALIZED (
        SELECT d.id, d.position, d.state, d.round FROM labeling_document d
        WHERE d.project_id = %(project)s AND d.split = 'test' AND (d.state <> 'open' OR d.extra_slots > 0)
    )
"""
_LABELS = """
    array_agg(l.label_class_id ORDER BY l.id) FILTER (WHERE l.id IS NOT NULL),
    array_agg(l.start ORDER BY l.id), array_agg(l."end" ORDER BY l.id)
"""
LABELED_POOL = f"""
    {_SPEAKING}
    SELECT d.id, d.position, s.annotation_id, {_LABELS}
    FROM speaking s
    JOIN labeling_document d ON d.id = s.document_id
    JOIN labeling_project p ON p.id = d.project_id
    LEFT JOIN labeling_label l ON l.annotation_id = s.annotation_id
    WHERE d.position < p.grouped_count AND {trainable("d")}
    GROUP BY d.id, d.position, s.annotation_id
    ORDER BY d.position
"""
SPEAKING_TEST = f"""
    {_TESTED}, speaking AS (
        SELECT t.id, t.position, r.annotation_id
        FROM tested t JOIN labeling_resolution r ON r.project_id = %(project)s AND r.document_id = t.id
        UNION ALL
        (SELECT DISTINCT ON (t.id) t.id, t.position, l.annotation_id
         FROM tested t JOIN labeling_lease l ON l.project_id = %(project)s AND l.document_id = t.id
         WHERE t.state = 'open' AND l.state = 'submitted' AND l.round = t.round
         ORDER BY t.id, l.slot)
    )
"""
LABELED_TEST = f"""
    WITH {SPEAKING_TEST}
    SELECT s.id, s.position, s.annotation_id, {_LABELS}
    FROM speaking s LEFT JOIN labeling_label l ON l.annotation_id = s.annotation_id
    WHERE s.position < (SELECT grouped_count FROM labeling_project WHERE id = %(project)s)
    GROUP BY s.id, s.position, s.annotation_id
    ORDER BY s.position
"""
LABEL_COUNTS = f"""
    {_SPEAKING}, {_TESTED}
    SELECT l.label_class_id, CASE WHEN t.id IS NULL THEN 'pool' ELSE 'test' END, count(*)
    FROM speaking s
    JOIN labeling_label l ON l.annotation_id = s.annotation_id
    LEFT JOIN tested t ON t.id = s.document_id
    GROUP BY 1, 2
"""
# What a first model has to learn from; whether the documents are compared yet is left open.
LEARNABLE = f"""
    {_SPEAKING}, learned AS (
        SELECT s.annotation_id FROM speaking s JOIN labeling_document d ON d.id = s.document_id
        WHERE {trainable("d")}
          AND NOT EXISTS (
               SELECT 1 FROM labeling_label l JOIN labeling_labelclass c ON c.id = l.label_class_id
               WHERE l.annotation_id = s.annotation_id AND c.retired_at IS NOT NULL)
    )
    SELECT (SELECT count(*) FROM learned), count(DISTINCT c.id), coalesce(min(c.name), '')
    FROM learned
    JOIN labeling_label l ON l.annotation_id = learned.annotation_id
    JOIN labeling_labelclass c ON c.id = l.label_class_id
"""


@dataclass(frozen=True)
class Learnable:
    """What the labels of the pool hold for a model.

    documents : labeled ones, with any number of classes; classes : in use, that at least one of them has
    class_name : of one of these classes; "" for none
    """

    documents: int
    classes: int
    class_name: str


@dataclass(frozen=True)
class LabeledDocument:
    """A document with the labels that count for it now."""

    document_id: int
    position: int
    annotation_id: int
    labels: tuple[tuple[UUID, int | None, int | None], ...]  # class, start, end

    @property
    def classes(self) -> set[UUID]:
        return {label_class for label_class, _, _ in self.labels}


def labeled_documents(project_id: int, split: str) -> list[LabeledDocument]:
    """The labeled documents of one split, in the order of their positions."""
    with connection.cursor() as cursor:
        cursor.execute(LABELED_TEST if split == "test" else LABELED_POOL, {"project": project_id})
        return [
            LabeledDocument(
                document, position, annotation, tuple(zip(classes or (), starts, ends, strict=False))
            )
            for document, position, annotation, classes, starts, ends in cursor.fetchall()
        ]


def label_counts(project_id: int) -> dict[tuple[UUID, str], int]:
    """Labels of the documents that speak, by (class, split)."""
    with connection.cursor() as cursor:
        cursor.execute(LABEL_COUNTS, {"project": project_id})
        return {(label_class, split): count for label_class, split, count in cursor.fetchall()}


def learnable(project_id: int) -> Learnable:
    """What the labels of the pool hold for a first model."""
    with connection.cursor() as cursor:
        cursor.execute(LEARNABLE, {"project": project_id})
        return Learnable(*cursor.fetchone())
