"""What did a model say of the test set? Thousands of probability vectors, read as one array."""

from __future__ import annotations

import numpy as np
from django.db import connection

from labeling.learning.arrays import Doubles, Integers
from labeling.models.documents import Document
from labeling.models.learned import ModelVersion
from labeling.models.queue import Lease

LEAST_AHEAD = 500  # open test documents that are predicted too, and half as many as are labelled of many

# One row of COPY's binary format with two strings of bytes: ids, and arrays of floats that are all there.
# https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
_HEAD = 19 + 2  # bytes before the first string
_STORED = """
    COPY (SELECT string_agg(int8send(document_id), ''), string_agg(array_send(probabilities), '')
          FROM (SELECT document_id, probabilities FROM labeling_heldoutprediction
                WHERE model_version_id = {version} AND cardinality(probabilities) = {n_classes}
                ORDER BY document_id) stored)
    TO STDOUT (FORMAT BINARY)
"""


def labelled_next(project_id: int, labelled: int) -> dict[int, int]:
    """Test documents that may get their label before the next training: positions by document.

    Predicted now, they count as soon as they are labelled. The test set grows along its random key; those in
    somebody's hands and in dispute come whatever theirs is.
    """
    most = max(LEAST_AHEAD, labelled // 2)
    test = Document.objects.test_set().filter(project=project_id)
    live = Lease.objects.live().filter(project=project_id, document__split=Document.Split.TEST)
    parts = (
        test.filter(state=Document.State.OPEN).order_by("random_key"),
        test.filter(state=Document.State.DISPUTED).order_by("id"),
        test.filter(pk__in=live.values("document")).order_by("id"),
    )
    return {pk: position for part in parts for pk, position in part.values_list("pk", "position")[:most]}


def stored_probabilities(version: ModelVersion) -> tuple[Integers, Doubles]:
    """What a model of whole documents said of each test document: ids, rising (n,), and (n, n_classes).

    Ten times as fast as reading rows. Every message costs, so there is one, and in bytes as they are.
    """
    n_classes = len(version.classes)
    statement = _STORED.format(version=int(version.pk), n_classes=n_classes)  # COPY takes no parameters
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        sent = b"".join(bytes(block) for block in copy)
    bytes_of_ids = max(int.from_bytes(sent[_HEAD : _HEAD + 4], signed=True), 0)  # -1 where nothing is stored
    ids = np.frombuffer(sent, dtype=">i8", count=bytes_of_ids // 8, offset=_HEAD + 4).astype(np.int64)
    row = np.dtype([("head", "V20"), ("odds", [("bytes", ">i4"), ("value", ">f8")], (n_classes,))])
    rows = np.frombuffer(sent, dtype=row, count=len(ids), offset=_HEAD + 4 + bytes_of_ids + 4)
    return ids, rows["odds"]["value"].astype(np.float64).reshape(-1, n_classes)
