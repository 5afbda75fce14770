"""Can SageMaker and Comprehend train on the manifest, and is it read again as it was?"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import DatasetFeatures, OutlineClass, ProjectOutline
from labeling.formats.projects import recognize
from labeling.formats.readers import ground_truth as reader
from labeling.formats.records import BadRow, Record, RecordAnnotation, Span
from labeling.formats.writers import ground_truth
from tests.labeling.formats.strategies import LONG_TEXT, datasets

BUGS = ProjectOutline(
    "Review Queue", "Support", "single", classes=(OutlineClass("Late"), OutlineClass("Bug"))
)


def written(outline: ProjectOutline, *records: Record, on_loss: Any = pytest.fail) -> FilesInMemory:
    raw = b"".join(ground_truth.write(outline, records, on_loss))
    return FilesInMemory({"output.manifest": raw})


def lines(files: FilesInMemory) -> list[Any]:
    return [json.loads(line) for line in files.open("output.manifest").read().split(b"\n") if line]


def test_a_line_has_the_class_its_number_and_the_type_of_the_job():
    dated = RecordAnnotation("ann", ("Bug",), provenance={"created_at": "2026-05-01T10:00:00Z"})
    labeled = Record(1, "It crashes.", "7", {"channel": "mail"}, annotations=(dated,))
    assert lines(written(BUGS, labeled, Record(2, "Hello."))) == [
        {
            "source": "It crashes.",
            "id": "7",
            "channel": "mail",
            "label": 1,
            "label-metadata": {
                "class-name": "Bug",
                "confidence": 1.0,
                "type": "groundtruth/text-classification",
                "job-name": "labeling-job/label",
                "human-annotated": "yes",
                "creation-date": "2026-05-01T10:00:00Z",
            },
        },
        {"source": "Hello."},
    ]


def test_several_classes_are_numbers_with_a_map():
    (line,) = lines(written(replace(BUGS, kind="multi"), Record(1, "Hi", labels=("Bug", "New"))))
    assert line["label"] == [1, 2]
    assert line["label-metadata"]["class-map"] == {"1": "Bug", "2": "New"}


def test_entities_have_offsets_in_code_points():
    record = Record(1, "😀 Ann", spans=(Span(2, 5, "PER"),))
    (line,) = lines(written(replace(BUGS, kind="spans"), record))
    entity = {"startOffset": 2, "endOffset": 5, "label": "PER"}
    assert line["label"] == {"annotations": {"entities": [entity], "labels": [{"label": "PER"}]}}


def test_documents_without_exactly_one_class_and_metadata_in_the_way_are_reported():
    reported: list[BadRow] = []
    written(BUGS, Record(1, "a", labels=()), Record(2, "b", None, {"source": 1}), on_loss=reported.append)
    assert [row.line for row in reported] == [1, 2]


def test_what_is_lost_is_listed():
    full = DatasetFeatures(
        "single", annotators=2, has_metadata=True, has_splits=True, has_no_class=True, has_predictions=True
    )
    assert len(ground_truth.losses(full)) == 4
    assert len(ground_truth.losses(replace(full, kind="multi"))) == 3


def test_100_000_characters_come_back_as_they_were():
    record = Record(1, LONG_TEXT, spans=(Span(99_990, 100_000, "end"),))
    (row,) = reader.read(written(replace(BUGS, kind="spans"), record))
    assert isinstance(row, Record)
    assert (row.text, row.annotations[0].spans) == (LONG_TEXT, record.spans)


@given(st.sampled_from(["single", "multi", "spans"]).flatmap(lambda k: datasets(k, with_metadata=True)))
def test_texts_labels_and_metadata_come_back_as_they_were(dataset):
    outline, records = dataset
    files = written(outline, *records)
    read = [row for row in reader.read(files) if isinstance(row, Record)]
    assert [(row.text, row.external_id, row.metadata) for row in read] == [
        (record.text, record.external_id, record.metadata) for record in records
    ]
    assert [[(a.labels, a.spans) for a in row.annotations] for row in read] == [
        [(a.labels, a.spans) for a in record.answers] for record in records
    ]
    if any(record.answers for record in records):
        assert recognize(files) == "ground_truth"
