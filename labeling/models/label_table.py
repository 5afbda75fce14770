"""What is the labelled test set labelled with? Thousands of documents as arrays, read in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from labeling.learning.arrays import Integers
from labeling.models.labelled import SPEAKING_TEST

# Each column comes as one string of bytes: rows and UUIDs as Python objects take five times as long.
_TABLE = """
    , known AS MATERIALIZED (
        SELECT array_agg(id ORDER BY id) AS classes,
               array_agg(id ORDER BY id) FILTER (WHERE retired_at IS NOT NULL) AS retired,
               array_agg(name ORDER BY id) FILTER (WHERE retired_at IS NOT NULL) AS names
        FROM labeling_labelclass WHERE project_id = %(project)s
    ), labels AS (
        SELECT s.id AS document, s.annotation_id AS annotation, l.id, l.start, l."end",
               array_position((SELECT classes FROM known), l.label_class_id) AS place
        FROM counted s JOIN labeling_label l ON l.annotation_id = s.annotation_id
    )
    SELECT known.classes, known.retired, known.names, d.documents, d.annotations,
           l.documents, l.places, l.starts, l.ends
    FROM known,
         (SELECT string_agg(int8send(id), '' ORDER BY id) AS documents,
                 string_agg(int8send(annotation_id), '' ORDER BY id) AS annotations FROM counted) d,
         (SELECT string_agg(int8send(document), '') AS documents,
                 string_agg(int8send(place - 1), '') AS places,
                 string_agg(int8send(coalesce(start, 0)), '') AS starts,
                 string_agg(int8send(coalesce("end", 0)), '') AS ends
          FROM (SELECT * FROM labels ORDER BY document, id) ordered) l
"""
_OF_NOW = f"""
    WITH {SPEAKING_TEST}, counted AS MATERIALIZED (
        SELECT id, annotation_id FROM speaking
        WHERE position < (SELECT grouped_count FROM labeling_project WHERE id = %(project)s)
    ) {_TABLE}
"""  # noqa: S608 - only constants are put in
_GIVEN = f"""
    WITH counted AS MATERIALIZED (
        SELECT document_id AS id, id AS annotation_id FROM labeling_annotation
        WHERE id = ANY(%(annotations)s) AND project_id = %(project)s
    ) {_TABLE}
"""  # noqa: S608


@dataclass(frozen=True)
class LabelTable:
    """Documents, the annotation that speaks for each, and the labels of it.

    classes : those of the project, retired ones too
    retired : names of those that nobody can choose any more
    document_ids, annotation_ids : (n,) rising ids of documents
    rows, places : (n_labels,) each label's row in `document_ids`, rising, and its place in `classes`
    starts, ends : (n_labels,) of spans; 0 for others
    """

    classes: tuple[UUID, ...]
    document_ids: Integers
    annotation_ids: Integers
    rows: Integers
    places: Integers
    starts: Integers
    ends: Integers
    retired: Mapping[UUID, str]

    def __len__(self) -> int:
        return len(self.document_ids)


def labelled_test_set(project_id: int) -> LabelTable:
    """Of now: what `labelled_documents(project_id, "test")` tells, without an object for each document."""
    return _read(_OF_NOW, {"project": project_id})


def labels_of(project_id: int, annotations: Sequence[int]) -> LabelTable:
    """Of the test set of another moment, by the annotations that spoke for it: they never change."""
    return _read(_GIVEN, {"project": project_id, "annotations": list(annotations)})


def _read(statement: str, named: dict[str, Any]) -> LabelTable:
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        classes, retired, names, *sent = cursor.fetchone()
    documents, annotations, of_labels, places, starts, ends = (
        np.frombuffer(column or b"", dtype=">i8").astype(np.int64) for column in sent
    )
    rows = np.searchsorted(documents, of_labels)
    known = dict(zip(retired or (), names or (), strict=True))
    return LabelTable(tuple(classes or ()), documents, annotations, rows, places, starts, ends, known)
