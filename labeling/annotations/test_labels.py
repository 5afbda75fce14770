"""Test labels: what the labeled test set is labeled with. Thousands of documents as arrays, read at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from labeling.annotations.ground_truth import SPEAKING_TEST
from labeling.learning.arrays.types import Integers

# Each column comes as one string of bytes: rows and UUIDs as Python objects take five times as long.
# Labels come of those annotations only that are newer than what the reader has.
_TABLE = """
    , known AS MATERIALIZED (
        SELECT array_agg(id ORDER BY id) AS classes,
               array_agg(id ORDER BY id) FILTER (WHERE retired_at IS NOT NULL) AS retired,
               array_agg(name ORDER BY id) FILTER (WHERE retired_at IS NOT NULL) AS names
        FROM labeling_labelclass WHERE project_id = %(project)s
    )
    SELECT known.classes, known.retired, known.names, d.documents, d.annotations,
           l.annotations, l.places, l.starts, l.ends
    FROM known,
         (SELECT string_agg(int8send(id), '') AS documents,
                 string_agg(int8send(annotation_id), '') AS annotations
          FROM (SELECT id, annotation_id FROM counted ORDER BY id) ordered) d,
         (SELECT string_agg(int8send(annotation_id), '') AS annotations,
                 string_agg(int8send(place - 1), '') AS places,
                 string_agg(int8send(coalesce(start, 0)), '') AS starts,
                 string_agg(int8send(coalesce("end", 0)), '') AS ends
          FROM (SELECT l.annotation_id, l.start, l."end",
                       array_position((SELECT classes FROM known), l.label_class_id) AS place
                FROM counted s JOIN labeling_label l ON l.annotation_id = s.annotation_id
                WHERE s.annotation_id > %(newest)s ORDER BY l.annotation_id, l.id) ordered) l
"""
_OF_NOW = f"""
    WITH {SPEAKING_TEST}, counted AS MATERIALIZED (
        SELECT id, annotation_id FROM speaking
        WHERE position < (SELECT grouped_count FROM labeling_project WHERE id = %(project)s)
    ) {_TABLE}
"""
_GIVEN = f"""
    WITH counted AS MATERIALIZED (
        SELECT document_id AS id, id AS annotation_id FROM labeling_annotation
        WHERE id = ANY(%(annotations)s) AND project_id = %(project)s
    ) {_TABLE}
"""


@dataclass(frozen=True)
class LabelTable:
    """Documents, the annotation that speaks for each, and the labels of it.

    classes : those of the project, retired ones too
    retired : names of those that nobody can choose any more
    document_ids, annotation_ids : (n,) rising ids of documents
    rows, class_indices : (n_labels,) each label's row in `document_ids`, rising, and its place in `classes`
    starts, ends : (n_labels,) of spans; 0 for others
    """

    classes: tuple[UUID, ...]
    document_ids: Integers
    annotation_ids: Integers
    rows: Integers
    class_indices: Integers
    starts: Integers
    ends: Integers
    retired: Mapping[UUID, str]

    def __len__(self) -> int:
        return len(self.document_ids)


@dataclass(frozen=True)
class _Labels:
    """Labels of some annotations, which never change: by annotation, rising, and in their order."""

    classes: tuple[UUID, ...]
    annotations: Integers  # that were read, rising; one may have no label
    of_labels: Integers
    class_indices: Integers
    starts: Integers
    ends: Integers

    @property
    def newest(self) -> int:
        return int(self.annotations[-1]) if len(self.annotations) else 0


class _OlderNeededError(Exception):
    """An annotation speaks that spoke before the last time, or there is another class."""


CACHE_SIZE = 8  # projects of one process: 0.3 MB for 5,000 documents
_NO_LABELS = _Labels((), *(np.empty(0, dtype=np.int64) for _ in range(5)))
_kept: OrderedDict[int, _Labels] = OrderedDict()
_lock = Lock()


def labeled_test_set(project_id: int) -> LabelTable:
    """Of now: what `labeled_documents(project_id, "test")` tells, without an object for each document.

    Which annotations speak is read each time; labels only of those that did not speak the last time.
    """
    with _lock:
        cached = _kept.get(project_id, _NO_LABELS)
    try:
        table, labels = _read(_OF_NOW, {"project": project_id}, cached)
    except _OlderNeededError:
        table, labels = _read(_OF_NOW, {"project": project_id}, _NO_LABELS)
    with _lock:
        _kept[project_id] = labels
        _kept.move_to_end(project_id)
        while len(_kept) > CACHE_SIZE:
            _kept.popitem(last=False)
    return table


def labels_of(project_id: int, annotations: Sequence[int]) -> LabelTable:
    """Of the test set of another moment, by the annotations that spoke for it: they never change."""
    return _read(_GIVEN, {"project": project_id, "annotations": list(annotations)}, _NO_LABELS)[0]


def _read(statement: str, named: dict[str, Any], payload: _Labels) -> tuple[LabelTable, _Labels]:
    """The table, and all labels of it. Raises _OlderNeededError."""
    with connection.cursor() as cursor:
        cursor.execute(statement, named | {"newest": payload.newest})
        classes, retired, names, *sent = cursor.fetchone()
    documents, annotations, *newer = (
        np.frombuffer(column or b"", dtype=">i8").astype(np.int64) for column in sent
    )
    every, is_read = tuple(classes or ()), np.isin(annotations, payload.annotations)
    if len(payload.annotations) and (
        every != payload.classes or (annotations[~is_read] <= payload.newest).any()
    ):
        raise _OlderNeededError
    older = (payload.of_labels, payload.class_indices, payload.starts, payload.ends)
    of_labels, *columns = (np.concatenate(pair) for pair in zip(older, newer, strict=True))
    rows, order = _labels_of_each(annotations, of_labels)
    class_indices, starts, ends = (column[order] for column in columns)
    labels = _Labels(
        every, np.sort(annotations), *_by_annotation(annotations[rows], class_indices, starts, ends)
    )
    retired_names = dict(zip(retired or (), names or (), strict=True))
    return LabelTable(every, documents, annotations, rows, class_indices, starts, ends, retired_names), labels


def _labels_of_each(annotations: Integers, of_labels: Integers) -> tuple[Integers, Integers]:
    """Of each annotation the places of its labels in `of_labels`, which rise: its row, and the place."""
    first, last = (np.searchsorted(of_labels, annotations, side=side) for side in ("left", "right"))
    counts = last - first
    rows = np.repeat(np.arange(len(annotations)), counts)
    return rows, np.arange(len(rows)) + np.repeat(first - (np.cumsum(counts) - counts), counts)


def _by_annotation(of_labels: Integers, *columns: Integers) -> tuple[Integers, ...]:
    order = np.argsort(of_labels, kind="stable")
    return of_labels[order], *(column[order] for column in columns)
