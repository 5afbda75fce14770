"""Held-out predictions: what a model said of the test set. Thousands of probabilities, read as one array."""

from __future__ import annotations

import json
from collections import OrderedDict
from threading import Lock
from typing import Any

import numpy as np
from django.db import connection

from labeling.documents.models import Document
from labeling.learning.arrays.types import Doubles, Integers
from labeling.predictions.models import ModelVersion
from labeling.queue.models import Lease

MIN_OPEN_TEST_DOCUMENTS = (
    500  # open test documents that are predicted too, and half as many as are labeled of many
)

# One row of COPY's binary format with strings of bytes: what is stored, told by a mark; ids; and arrays of
# floats that are all there. https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
# A row that is added, deleted or written anew changes the mark. Where the reader knows it, nothing is sent.
_HEAD = 19 + 2  # bytes before the first string
_MARK = 4 * 8  # bytes
_MARKED = """
    marked AS MATERIALIZED (
        SELECT int8send(count(*)) || int8send(coalesce(sum(document_id)::bigint, 0))
               || int8send(coalesce(sum(written::text::bigint)::bigint, 0))
               || int8send(coalesce(sum(step::text::bigint)::bigint, 0)) AS mark FROM stored
    )
"""
_STORED = f"""
    COPY (
        WITH stored AS NOT MATERIALIZED (
            SELECT document_id, probabilities, xmin AS written, cmin AS step FROM labeling_heldoutprediction
            WHERE model_version_id = {{version}} AND cardinality(probabilities) = {{n_classes}}
        ), {_MARKED}
        SELECT mark,
               CASE WHEN mark <> '\\x{{cached_mark}}' THEN
                   (SELECT string_agg(int8send(document_id), '' ORDER BY document_id) FROM stored) END,
               CASE WHEN mark <> '\\x{{cached_mark}}' THEN
                   (SELECT string_agg(array_send(probabilities), '' ORDER BY document_id) FROM stored) END
        FROM marked
    ) TO STDOUT (FORMAT BINARY)
"""
_STORED_SPANS = f"""
    WITH stored AS NOT MATERIALIZED (
        SELECT document_id, spans, xmin AS written, cmin AS step FROM labeling_heldoutprediction
        WHERE model_version_id = %(version)s
    ), {_MARKED}
    SELECT mark,
           CASE WHEN mark <> %(cached_mark)s THEN
               (SELECT string_agg(int8send(document_id), '' ORDER BY document_id) FROM stored) END,
           CASE WHEN mark <> %(cached_mark)s THEN
               (SELECT json_agg(coalesce(spans, '[]') ORDER BY document_id)::text FROM stored) END
    FROM marked
"""
CACHE_SIZE = 8  # models of one process: 2 MB each for 5,000 documents of 50 classes
Stored = tuple[bytes, Integers, Doubles]  # the mark, then what is stored
StoredSpans = tuple[bytes, Integers, list[Any]]
_kept: OrderedDict[int, Any] = OrderedDict()  # Stored or StoredSpans
_lock = Lock()


def labeled_next(project_id: int, labeled: int) -> dict[int, int]:
    """Test documents that may get their label before the next training: positions by document.

    Predicted now, they count as soon as they are labeled. The test set grows along its random key; those in
    somebody's hands and in dispute come whatever theirs is.
    """
    limit = max(MIN_OPEN_TEST_DOCUMENTS, labeled // 2)
    test = Document.objects.test_set().filter(project=project_id)
    live = Lease.objects.live().filter(project=project_id, document__split=Document.Split.TEST)
    parts = (
        test.filter(state=Document.State.OPEN).order_by("random_key"),
        test.filter(state=Document.State.DISPUTED).order_by("id"),
        test.filter(pk__in=live.values("document")).order_by("id"),
    )
    return {pk: position for part in parts for pk, position in part.values_list("pk", "position")[:limit]}


def stored_probabilities(version: ModelVersion) -> tuple[Integers, Doubles]:
    """What a model of whole documents said of each test document: ids, rising (n,), and (n, n_classes).

    Ten times as fast as reading rows, and kept while it is the same. Every message costs, so there is one,
    and in bytes as they are. The arrays are shared: they refuse to be written.
    """
    cached = _known(version)
    n_classes = len(version.classes)
    mark = cached[0].hex() if cached and cached[2].shape[1] == n_classes else ""
    statement = _STORED.format(
        version=int(version.pk), n_classes=n_classes, cached_mark=mark
    )  # takes no parameters
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        sent = b"".join(bytes(block) for block in copy)
    stored: Stored = (
        cached if cached and cached[0] == sent[_HEAD + 4 : _HEAD + 4 + _MARK] else _parsed(sent, n_classes)
    )
    _keep(version, stored)
    return stored[1], stored[2]


def stored_spans(version: ModelVersion) -> tuple[Integers, list[list[list[Any]]]]:
    """What a model of spans said of each test document: ids, rising (n,), and [start, end, class, odds] each.

    Kept while it is the same, as `stored_probabilities`; the lists are shared: nobody may change them.
    """
    cached = _known(version)
    with connection.cursor() as cursor:
        cursor.execute(_STORED_SPANS, {"version": version.pk, "cached_mark": cached[0] if cached else b""})
        mark, ids, spans = cursor.fetchone()
    if cached is None or cached[0] != bytes(mark):
        documents = np.frombuffer(ids or b"", dtype=">i8").astype(np.int64)
        cached = (bytes(mark), documents, json.loads(spans or "[]"))
    _keep(version, cached)
    return cached[1], cached[2]


def _known(version: ModelVersion) -> Any:
    with _lock:
        return _kept.get(version.pk)


def _keep(version: ModelVersion, stored: Stored | StoredSpans) -> None:
    with _lock:
        _kept[version.pk] = stored
        _kept.move_to_end(version.pk)
        while len(_kept) > CACHE_SIZE:
            _kept.popitem(last=False)


def _parsed(sent: bytes, n_classes: int) -> Stored:
    mark, start = sent[_HEAD + 4 : _HEAD + 4 + _MARK], _HEAD + 4 + _MARK
    bytes_of_ids = max(int.from_bytes(sent[start : start + 4], signed=True), 0)  # -1 where nothing is stored
    ids = np.frombuffer(sent, dtype=">i8", count=bytes_of_ids // 8, offset=start + 4).astype(np.int64)
    row = np.dtype([("head", "V20"), ("odds", [("bytes", ">i4"), ("value", ">f8")], (n_classes,))])
    rows = np.frombuffer(sent, dtype=row, count=len(ids), offset=start + 4 + bytes_of_ids + 4)
    probabilities = rows["odds"]["value"].astype(np.float64).reshape(-1, n_classes)
    for array in (ids, probabilities):
        array.setflags(write=False)
    return mark, ids, probabilities
