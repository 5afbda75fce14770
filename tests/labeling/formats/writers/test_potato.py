"""Do scripts that read Potato's folders find every annotator's annotations?"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import DatasetFeatures, ProjectOutline
from labeling.formats.readers import potato as reader
from labeling.formats.records import BadRow, Record, RecordAnnotation, Span
from labeling.formats.writers import potato
from tests.labeling.formats.strategies import LONG_TEXT, datasets


def written(kind: Any, *records: Record, on_loss: Any = pytest.fail) -> FilesInMemory:
    outline = ProjectOutline("Review Queue", "mails", kind)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(potato.write(outline, records, on_loss))))
    return FilesInMemory({name: archive.read(name) for name in archive.namelist()}, "mails.zip")


def test_each_annotator_has_a_folder_and_the_documents_lie_beside_them():
    annotations = (RecordAnnotation("ann", ("Bug",)), RecordAnnotation("b/ob", ("UX",)))
    files = written("single", Record(1, "Hi", "7", {"source": "web"}, annotations=annotations))
    assert list(files.names) == [
        "data.jsonl",
        "annotation_output/ann/annotated_instances.jsonl",
        "annotation_output/b_ob/annotated_instances.jsonl",
    ]
    assert json.loads(files.open("data.jsonl").read()) == {"source": "web", "id": "7", "text": "Hi"}
    assert json.loads(files.open(files.names[1]).read()) == {
        "id": "7",
        "displayed_text": "Hi",
        "user_id": "ann",
        "label_annotations": {"label": {"Bug": "true"}},
        "span_annotations": [],
        "behavioral_data": {},
    }


def test_skipped_and_withdrawn_annotations_are_reported():
    reported: list[BadRow] = []
    skipped = RecordAnnotation("ann", provenance={"is_skipped": True})
    written("single", Record(5, "Hi", annotations=(skipped,)), on_loss=reported.append)
    assert [row.line for row in reported] == [5]


def test_what_is_lost_is_listed():
    assert potato.losses(DatasetFeatures("spans", annotators=2, has_metadata=True)) == []
    full = DatasetFeatures("multi", has_splits=True, has_predictions=True, has_provenance=True)
    assert len(potato.losses(full)) == 4


def test_100_000_characters_come_back_as_they_were():
    record = Record(1, LONG_TEXT, "7", annotations=(RecordAnnotation("a", None, (Span(0, 100_000, "x"),)),))
    (row,) = reader.read(written("spans", record))
    assert row == record


@given(st.sampled_from(["single", "multi", "spans"]).flatmap(lambda k: datasets(k, of_annotators=True)))
def test_annotations_come_back_as_they_were(dataset):
    outline, records = dataset
    files = written(outline.kind, *records)
    read = [row for row in reader.read(files) if isinstance(row, Record)] if len(files.names) > 1 else []
    expected = {
        (record.external_id, record.text, a) for record in records for a in map(_plain, record.annotations)
    }
    labeled = any(a.labels or a.spans for record in records for a in record.annotations)
    if labeled:  # else nothing shows which scheme has the labels
        assert {(row.external_id, row.text, _plain(row.annotations[0])) for row in read} == expected


def _plain(annotation: RecordAnnotation) -> Any:
    return annotation.annotator, annotation.labels, annotation.spans
