"""Which labelled documents say nearly what a test document says? They must not train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from labeling.models.learned import ModelVersion

# Begins at the test documents: a few thousand look-ups in two indexes, however large the pool is.
_TWINS = """
    WITH measured AS MATERIALIZED (
        SELECT id, content_hash, near_duplicate_group, created_at FROM labeling_document
        WHERE id = ANY(%(documents)s) AND project_id = %(project)s
    ), twins AS (
        SELECT d.id, m.id AS measured, m.created_at
        FROM measured m JOIN labeling_document d ON d.project_id = %(project)s
             AND d.near_duplicate_group = m.near_duplicate_group AND d.split = 'pool'
        UNION
        SELECT d.id, m.id, m.created_at
        FROM measured m JOIN labeling_document d ON d.project_id = %(project)s
             AND d.content_hash = m.content_hash AND d.split = 'pool'
    ), labelled AS (
        SELECT t.id, t.measured, t.created_at, min(a.id) AS annotation
        FROM twins t JOIN labeling_annotation a ON a.document_id = t.id GROUP BY 1, 2, 3
    ), judged AS (
        SELECT id, array_agg(measured) AS measured,
               min(annotation) <= %(through)s AND min(created_at) > %(started)s AS is_learnt
        FROM labelled GROUP BY id
    )
    SELECT count(*) FILTER (WHERE NOT is_learnt), count(*) FILTER (WHERE is_learnt),
           (SELECT count(DISTINCT one) FROM judged, unnest(measured) one WHERE is_learnt)
    FROM judged
"""


@dataclass(frozen=True)
class Leaks:
    """Labelled documents of the pool that are copies or near-duplicates of test documents.

    kept_out : that no model learns from
    learnt : that a model had learnt from when their twin came into the test set
    measured : test documents that the model has therefore seen
    """

    kept_out: int
    learnt: int
    measured: int


def leaks(version: ModelVersion, test_documents: Sequence[int]) -> Leaks:
    """Between what a model learnt and the test documents that judge it."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TWINS,
            {
                "project": version.project_id,
                "documents": list(test_documents),
                "through": version.trained_through,
                "started": version.started_at,
            },
        )
        return Leaks(*cursor.fetchone())
