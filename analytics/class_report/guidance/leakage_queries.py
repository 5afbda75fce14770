"""Train-test leakage: labeled documents that repeat a test document word for word. They must not train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from labeling.predictions.models import ModelVersion

# Begins at the test documents that have near-duplicates: a few look-ups in two indexes, however large the
# pool is. Equal texts are near-duplicates too, as soon as they were compared, and none learns before that.
_COPIES = """
    WITH grouped AS MATERIALIZED (
        SELECT id, near_duplicate_group, content_hash, created_at FROM labeling_document
        WHERE project_id = %(project)s AND split = 'test' AND near_duplicate_group IS NOT NULL
    ), measured AS MATERIALIZED (
        SELECT g.* FROM grouped g JOIN unnest(%(documents)s::bigint[]) one(id) USING (id)
    ), copies AS (
        SELECT d.id, m.id AS measured, m.created_at
        FROM measured m JOIN labeling_document d ON d.project_id = %(project)s
             AND d.near_duplicate_group = m.near_duplicate_group AND d.split = 'pool'
             AND d.content_hash = m.content_hash
    ), labeled AS (
        SELECT t.id, t.measured, t.created_at, min(a.id) AS annotation
        FROM copies t JOIN labeling_annotation a ON a.document_id = t.id GROUP BY 1, 2, 3
    ), judged AS (
        SELECT id, array_agg(measured) AS measured,
               min(annotation) <= %(through)s AND min(created_at) > %(started)s AS is_learned
        FROM labeled GROUP BY id
    )
    SELECT count(*) FILTER (WHERE NOT is_learned), count(*) FILTER (WHERE is_learned),
           (SELECT count(DISTINCT one) FROM judged, unnest(measured) one WHERE is_learned)
    FROM judged
"""


@dataclass(frozen=True)
class Leaks:
    """Labeled documents of the pool that are exact copies of test documents.

    kept_out : that no model learns from
    learned : that a model had learned from when their copy came into the test set
    measured : test documents that the model has therefore seen
    """

    kept_out: int
    learned: int
    measured: int


def leaks(version: ModelVersion, test_documents: Sequence[int]) -> Leaks:
    """Between what a model learned and the test documents that judge it."""
    with connection.cursor() as cursor:
        cursor.execute(
            _COPIES,
            {
                "project": version.project_id,
                "documents": list(test_documents),
                "through": version.trained_through,
                "started": version.started_at,
            },
        )
        return Leaks(*cursor.fetchone())
