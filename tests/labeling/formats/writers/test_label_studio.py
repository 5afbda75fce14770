"""Does Label Studio get every annotation, and do its users learn what it cannot hold?"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import DatasetFeatures, OutlineClass, ProjectOutline
from labeling.formats.projects import recognize
from labeling.formats.readers import label_studio as reader
from labeling.formats.records import (
    BadRow,
    Record,
    RecordAnnotation,
    RecordPrediction,
    Span,
)
from labeling.formats.writers import label_studio
from tests.labeling.formats.strategies import LONG_TEXT, datasets

BUGS = ProjectOutline("Review Queue", "Support", "single", classes=(OutlineClass("Bug", color="#ff0000"),))


def written(outline: ProjectOutline, *records: Record, on_loss: Any = pytest.fail) -> FilesInMemory:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(label_studio.write(outline, records, on_loss))))
    return FilesInMemory({name: archive.read(name) for name in archive.namelist()}, "support.zip")


def tasks(files: FilesInMemory) -> Any:
    return json.loads(files.open("tasks.json").read())


def test_a_task_has_the_shape_that_label_studio_imports():
    provenance = {"seconds": 3.5, "resolution": "gold", "note": "sure", "created_at": "2026-05-01T10:00:00Z"}
    record = Record(
        1,
        "It crashes.",
        "7",
        {"source": "mail"},
        split="test",
        annotations=(RecordAnnotation("ann@example.org", ("Bug",), provenance=provenance),),
        predictions=(RecordPrediction("m", "2", {"Bug": 0.7, "UX": 0.3}),),
    )
    result = [{"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": ["Bug"]}}]
    assert tasks(written(BUGS, record)) == [
        {
            "data": {"text": "It crashes.", "ext_id": "7", "split": "test", "source": "mail"},
            "annotations": [
                {
                    "completed_by": {"email": "ann@example.org"},
                    "was_cancelled": False,
                    "ground_truth": True,
                    "lead_time": 3.5,
                    "created_at": "2026-05-01T10:00:00Z",
                    "result": result,
                }
            ],
            "predictions": [{"model_version": "m 2", "result": result, "score": 0.7}],
        }
    ]


def test_spans_repeat_their_words():
    files = written(replace(BUGS, kind="spans"), Record(1, "😀 Ann", spans=(Span(2, 5, "PER"),)))
    (result,) = tasks(files)[0]["annotations"][0]["result"]
    assert result["value"] == {"start": 2, "end": 5, "text": "Ann", "labels": ["PER"]}


def test_the_configuration_lies_beside_the_tasks_with_all_classes():
    config = written(BUGS, Record(1, "Hi", labels=('"A" & <b>',))).open("labeling_config.xml").read().decode()
    assert '<Choices name="label" toName="text" choice="single">' in config
    assert '<Choice value="Bug" background="#ff0000"/>' in config
    assert "<Choice value='\"A\" &amp; &lt;b&gt;'/>" in config


def test_names_that_are_no_addresses_stand_beside_completed_by():
    record = Record(1, "Hi", annotations=(RecordAnnotation("ann", ("Bug",)),))
    (annotation,) = tasks(written(BUGS, record))[0]["annotations"]
    assert annotation["annotator"] == "ann"
    assert "completed_by" not in annotation


def test_skipped_annotations_are_cancelled_and_withdrawn_ones_are_left_out():
    record = Record(
        1,
        "Hi",
        annotations=(
            RecordAnnotation("ann", provenance={"is_skipped": True}),
            RecordAnnotation("bob", ("Bug",), provenance={"is_withdrawn": True}),
        ),
    )
    (annotation,) = tasks(written(BUGS, record))[0]["annotations"]
    assert (annotation["annotator"], annotation["was_cancelled"]) == ("ann", True)


def test_metadata_with_the_name_of_a_field_is_reported():
    reported: list[BadRow] = []
    written(BUGS, Record(4, "Hi", metadata={"text": "x", "other": 1}), on_loss=reported.append)
    assert [row.reason for row in reported] == [
        'The metadata "text" is left out: Label Studio needs this name.'
    ]


def test_what_is_lost_is_listed():
    assert label_studio.losses(DatasetFeatures("single", has_metadata=True, has_splits=True)) == []
    full = DatasetFeatures(
        "single", annotators=2, has_predictions=True, has_provenance=True, has_guideline=True
    )
    assert len(label_studio.losses(full)) == 4
    assert len(label_studio.losses(replace(full, kind="spans"))) == 3


def test_100_000_characters_come_back_as_they_were():
    record = Record(
        1, LONG_TEXT, "7", annotations=(RecordAnnotation("a", spans=(Span(99_990, 100_000, "x"),)),)
    )
    (row,) = reader.read(written(replace(BUGS, kind="spans"), record))
    assert row == record


@given(
    st.sampled_from(["single", "multi", "spans"]).flatmap(
        lambda kind: datasets(kind, of_annotators=True, with_metadata=True, with_predictions=True)
    )
)
def test_documents_annotations_and_predictions_come_back_as_they_were(dataset):
    outline, records = dataset
    files = written(outline, *records)
    assert recognize(files) == "label_studio" or not records
    if records:
        names = {"ner": "ner 2", "cls": "cls 1"}  # Label Studio has one name for model and version
        assert list(reader.read(files)) == [
            replace(
                record,
                predictions=tuple(replace(p, model=names[p.model], version="") for p in record.predictions),
            )
            for record in records
        ]
        assert reader.outline(files).kind == outline.kind
        assert {c.name for c in reader.outline(files).classes} == {c.name for c in outline.classes}
