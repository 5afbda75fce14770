"""Annotation log: labels ever given, by whom, when, under which guideline. Read once: they never change.

The database refuses to change an annotation, and to delete any but those of an import that is undone. A
process keeps what it read as arrays and reads only what is new. That is exact: as long as there are as many
annotations up to the newest known one as are known, they are the same ones.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from labeling.annotations.models import Annotation
from labeling.documents.predicates import first_answer_speaks
from labeling.explanations.selection_reason import ReasonKey
from labeling.guidelines.models import LabelClass
from labeling.learning.query_strategies.mix import Share
from labeling.projects.models import Project
from labeling.queue.predicates import counted

CACHE_SIZE = 8  # kept by one process: 5 MB for 100,000 annotations
SOURCES = tuple(Annotation.Source)  # an annotation's source is a place in it
TEST, SAMPLED, VOID = (
    1,
    2,
    4,
)  # flags: of the test set; drawn at random from the pool; surplus or a withdrawal

# Each statement has one row, of one string of bytes for each column: much faster than a row for each number.
_NEWER = f"""
    SELECT string_agg(int8send(a.id), ''), string_agg(int8send(a.document_id), ''),
           string_agg(int8send(coalesce(a.supersedes_id, 0)), ''),
           string_agg(int8send(coalesce(a.annotator_id, 0)), ''),
           string_agg(int8send(coalesce(a.guideline_id, 0)), ''),
           string_agg(int8send(floor(extract(epoch FROM a.created_at) / 86400)::bigint), ''),
           string_agg(int8send(array_position(%(sources)s::text[], a.source::text) - 1), ''),
           string_agg(int8send(a.is_test + 2 * (1 - a.is_test) * a.is_sampled + 4 * a.is_void), '')
    FROM (SELECT a.*, (a.is_surplus OR a.is_withdrawal)::int AS is_void, (t.id IS NOT NULL)::int AS is_test,
                 coalesce(l.reason->>'{ReasonKey.SHARE}' = '{Share.RANDOM}', false)::int AS is_sampled
          FROM labeling_annotation a
          LEFT JOIN labeling_lease l ON l.id = a.lease_id
          LEFT JOIN labeling_document t
                 ON t.id = a.document_id AND t.split = 'test' AND t.project_id = %(project)s
          WHERE a.project_id = %(project)s AND a.id > %(cached)s ORDER BY a.id) a
"""
_NEWER_LABELS = """
    SELECT string_agg(int8send(l.annotation_id), ''), string_agg(int8send(l.place), '')
    FROM (SELECT l.annotation_id, array_position(%(classes)s::uuid[], l.label_class_id) - 1 AS place
          FROM labeling_annotation a JOIN labeling_label l ON l.annotation_id = a.id
          WHERE a.project_id = %(project)s AND a.id > %(cached)s AND a.id <= %(newest)s ORDER BY a.id) l
"""
_KNOWN = "SELECT count(*) FROM labeling_annotation WHERE project_id = %s AND id <= %s"
_SETTLING = (
    "SELECT string_agg(int8send(annotation_id), '') FROM labeling_resolution WHERE project_id = %(project)s"
)
# The first answer to a document that waits for more; in the test set only where it was settled before.
_WAITING = f"""
    SELECT DISTINCT ON (l.document_id) l.annotation_id
    FROM labeling_lease l JOIN labeling_document d ON {counted("l", "d")}
    WHERE l.document_id = ANY(%s) AND {first_answer_speaks("d")}
    ORDER BY l.document_id, l.slot
"""

Places = NDArray[np.int64]


@dataclass(frozen=True)
class AnnotationLog:
    """Every annotation of a project, in the order of their ids, and every label of them.

    annotations, documents, annotators, guidelines : (n,) ids; 0 where there is no annotator or guideline
    supersedes : (n,) the id of the annotation that it replaces; 0 for none
    days : (n,) since 1970 (UTC), when it was given
    sources : (n,) places in SOURCES
    flags : (n,) of TEST, DRAWN (what its own lease says) and VOID
    rows, class_indices : (n_labels,) the row of each label's annotation, rising, and its place in `classes`
    """

    classes: tuple[UUID, ...]  # in an order that newer ones do not change
    annotations: Places
    documents: Places
    supersedes: Places
    annotators: NDArray[np.int32]
    guidelines: NDArray[np.int32]
    days: NDArray[np.int32]
    sources: NDArray[np.int8]
    flags: NDArray[np.int8]
    rows: NDArray[np.int32]
    class_indices: NDArray[np.int16]

    @property
    def newest(self) -> int:
        return int(self.annotations[-1]) if len(self.annotations) else 0

    @property
    def stands(self) -> NDArray[np.bool_]:
        """Whether an answer counts as its annotator's: not replaced, not taken back, not too late."""
        stands = (self.flags & VOID) == 0
        stands[self.rows_of(self.supersedes[self.supersedes > 0])] = False
        return stands

    def was_sampled(self, rows: Places) -> NDArray[np.bool_]:
        """Whether the document of each of these rows came to its first annotator as a random draw.

        Whoever answers it later gets it for another reason, and an adjudicator under no lease at all.
        """
        first = np.unique(self.documents, return_index=True)[1]
        sampled = self.documents[first[(self.flags[first] & SAMPLED) > 0]]
        return np.isin(self.documents[rows], sampled)

    def rows_of(self, annotations: Places) -> Places:
        """Where these are, in rising order; those that are not known yet are left out."""
        requested = np.sort(annotations[annotations <= self.newest])
        rows = np.searchsorted(self.annotations, requested)
        return rows[self.annotations[rows] == requested]


_TYPES = (np.int64, np.int64, np.int64, np.int32, np.int32, np.int32, np.int8, np.int8, np.int32, np.int16)
_EMPTY = AnnotationLog((), *(np.empty(0, dtype) for dtype in _TYPES))  # type: ignore[arg-type]
_kept: OrderedDict[int, AnnotationLog] = OrderedDict()
_lock = Lock()


def annotation_log(project: Project) -> AnnotationLog:
    """All annotations of this moment."""
    with _lock:
        cached = _kept.get(project.pk, _EMPTY)
    classes = LabelClass.objects.filter(project=project).values_list("pk", flat=True)
    if not set(cached.classes) <= set(classes):  # one has gone with the import that added it
        cached = _EMPTY
    cached = replace(cached, classes=(*cached.classes, *sorted(set(classes) - set(cached.classes))))
    newer = _with_newer(project.pk, cached)
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [project.pk, newer.newest])
        if cursor.fetchone()[0] != len(newer.annotations):  # an older one was committed after a newer one
            newer = _with_newer(project.pk, replace(_EMPTY, classes=cached.classes))
    with _lock:
        _kept[project.pk] = newer
        _kept.move_to_end(project.pk)
        while len(_kept) > CACHE_SIZE:
            _kept.popitem(last=False)
    return newer


def speaking(project: Project, log: AnnotationLog) -> tuple[Places, int]:
    """The rows of the annotations that speak for their documents, one for each labeled document; and how
    many of these are not settled but wait for a second opinion.

    They are those whose labels `labeling.annotations.ground_truth.label_counts` counts.
    """
    (settling,) = _columns_of(_SETTLING, {"project": project.pk})
    rows = log.rows_of(settling)
    is_settled = np.zeros(len(log.annotations), dtype=bool)
    is_settled[rows] = True
    is_person = np.isin(log.sources, [SOURCES.index(source) for source in Annotation.ANNOTATORS])
    waiting = log.documents[log.stands & is_person & ~is_settled]  # most have a settling answer beside it
    if not len(waiting):
        return rows, 0
    settled = np.append(np.sort(log.documents[rows]), -1)
    waiting = waiting[settled[np.searchsorted(settled[:-1], waiting)] != waiting]
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [waiting.tolist()])
        first = log.rows_of(np.array([row[0] for row in cursor.fetchall()], dtype=np.int64))
    return np.sort(np.concatenate([rows, first])), len(first)


def _with_newer(project_id: int, cached: AnnotationLog) -> AnnotationLog:
    named: dict[str, Any] = {
        "project": project_id,
        "cached": cached.newest,
        "sources": [str(s) for s in SOURCES],
    }
    newer = _columns_of(_NEWER, named)
    if not len(newer[0]):
        return cached
    named |= {"classes": list(cached.classes), "newest": int(newer[0][-1])}
    annotations_of_labels, class_indices = _columns_of(_NEWER_LABELS, named)
    joined = [np.concatenate([old, new]) for old, new in zip(_columns(cached), newer, strict=True)]
    annotations, documents, supersedes, annotators, guidelines, days, sources, flags = joined
    return AnnotationLog(
        cached.classes,
        annotations,
        documents,
        supersedes,
        annotators.astype(np.int32),
        guidelines.astype(np.int32),
        days.astype(np.int32),
        sources.astype(np.int8),
        flags.astype(np.int8),
        np.concatenate([cached.rows, np.searchsorted(annotations, annotations_of_labels)]).astype(np.int32),
        np.concatenate([cached.class_indices, class_indices]).astype(np.int16),
    )


def _columns(cached: AnnotationLog) -> tuple[NDArray[np.integer], ...]:
    return (
        cached.annotations,
        cached.documents,
        cached.supersedes,
        cached.annotators,
        cached.guidelines,
        cached.days,
        cached.sources,
        cached.flags,
    )


def _columns_of(statement: str, named: dict[str, Any]) -> list[Places]:
    """Columns of whole numbers, each sent as one string of bytes."""
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        return [np.frombuffer(sent or b"", dtype=">i8").astype(np.int64) for sent in cursor.fetchone()]
