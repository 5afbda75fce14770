"""What did a model say of the test set? Thousands of probability vectors, read as one array."""

from __future__ import annotations

import numpy as np
from django.db import connection

from labeling.learning.arrays import Doubles, Integers
from labeling.models.learned import ModelVersion

# One row of COPY's binary format: the document, and an array of floats that are all there.
# https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
_HEAD, _TAIL = 19, 2  # bytes around the rows
_STORED = """
    COPY (SELECT document_id, probabilities FROM labeling_heldoutprediction
          WHERE model_version_id = {version} AND cardinality(probabilities) = {n_classes} ORDER BY document_id)
    TO STDOUT (FORMAT BINARY)
"""


def stored_probabilities(version: ModelVersion) -> tuple[Integers, Doubles]:
    """What a model of whole documents said of each test document: ids, rising (n,), and (n, n_classes).

    Seven times as fast as reading rows: 28 ms instead of 200 for 5,000 documents and 50 classes.
    """
    n_classes = len(version.classes)
    row = np.dtype(
        [
            ("fields", ">i2"), ("id_bytes", ">i4"), ("document", ">i8"), ("bytes", ">i4"), ("head", "V20"),
            ("odds", [("bytes", ">i4"), ("value", ">f8")], (n_classes,)),
        ]
    )  # fmt: skip
    statement = _STORED.format(version=int(version.pk), n_classes=n_classes)  # COPY takes no parameters
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        stored = b"".join(bytes(block) for block in copy)
    rows = np.frombuffer(stored[_HEAD:-_TAIL], dtype=row)
    return rows["document"].astype(np.int64), rows["odds"]["value"].astype(np.float64).reshape(-1, n_classes)
