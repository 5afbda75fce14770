"""Train-test near-duplicates: test documents much like training ones, which train, unlike exact copies."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from labeling.documents.predicates import trainable
from labeling.predictions.models import ModelVersion

# Begins at the groups that have measured documents: the pool may be a thousand times as large.
_ALIKE = f"""
    WITH measured AS MATERIALIZED (
        SELECT d.id, d.near_duplicate_group
        FROM labeling_document d JOIN unnest(%(documents)s::bigint[]) one(id) USING (id)
        WHERE d.project_id = %(project)s AND d.split = 'test' AND d.near_duplicate_group IS NOT NULL
    ), trained AS MATERIALIZED (
        SELECT DISTINCT d.near_duplicate_group
        FROM labeling_document d
        WHERE d.project_id = %(project)s AND {trainable("d")}
          AND d.near_duplicate_group IN (SELECT near_duplicate_group FROM measured)
          AND EXISTS (SELECT 1 FROM labeling_annotation a
                      WHERE a.document_id = d.id AND a.id <= %(through)s AND NOT a.is_withdrawal)
    )
    SELECT m.id FROM measured m JOIN trained USING (near_duplicate_group) ORDER BY m.id
"""


def alike_to_training(version: ModelVersion, test_documents: Sequence[int]) -> list[int]:
    """Those of the test documents that have a near-duplicate among the documents the model learned from."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ALIKE,
            {
                "project": version.project_id,
                "documents": list(test_documents),
                "through": version.trained_through,
            },
        )
        return [document for (document,) in cursor.fetchall()]
