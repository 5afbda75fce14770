"""Do the files that people really have come in whole?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labeling.formats import Format, Record, read, sniff

DATA = Path(os.environ.get("REVIEWQUEUE_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.mark.parametrize(
    ("name", "n_documents", "field"),
    [("trec6", 5952, "labels"), ("goemotions", 54263, "labels"), ("wnut17", 5690, "spans")],
)
def test_every_row_of_a_public_data_set_becomes_a_document(name: str, n_documents: int, field: str):
    path = DATA / name / "data.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the data set {name} is not here: set REVIEWQUEUE_DATA to the folder that holds it")
    with path.open("rb") as stream:
        assert sniff(stream.read(100_000), path.name) is Format.JSONL
        stream.seek(0)
        rows = list(read(stream, Format.JSONL))
    assert len(rows) == n_documents
    assert all(isinstance(row, Record) and row.split and getattr(row, field) is not None for row in rows)
