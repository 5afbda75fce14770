"""Does Azure Language get all that its files can hold, and do its users learn what they cannot?"""

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
from labeling.formats.readers import azure as reader
from labeling.formats.records import BadRow, Record, RecordAnnotation, Span
from labeling.formats.writers import azure
from tests.labeling.formats.strategies import LONG_TEXT, datasets

BUGS = ProjectOutline(
    "Review Queue", "Support", "single", classes=(OutlineClass("Bug"), OutlineClass("Late"))
)


def written(outline: ProjectOutline, *records: Record, on_loss: Any = pytest.fail) -> FilesInMemory:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(azure.write(outline, records, on_loss))))
    return FilesInMemory({name: archive.read(name) for name in archive.namelist()}, "support.zip")


def labels_file(files: FilesInMemory) -> dict[str, Any]:
    value = json.loads(files.open("project.json").read())
    assert isinstance(value, dict)
    return value


def test_the_file_has_the_shape_that_azure_imports():
    files = written(
        BUGS,
        Record(1, "It crashes.", "7", {"language": "en-gb"}, ("Bug",), split="pool"),
        Record(2, "Hello.", None, split="test"),
    )
    assert labels_file(files) == {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {
            "projectKind": "CustomSingleLabelClassification",
            "storageInputContainerName": "documents",
            "projectName": "Support",
            "multilingual": False,
            "description": "",
            "language": "en-gb",
            "settings": {},
        },
        "assets": {
            "projectKind": "CustomSingleLabelClassification",
            "classes": [{"category": "Bug"}, {"category": "Late"}],
            "documents": [
                {"location": "7.txt", "language": "en-gb", "dataset": "Train", "class": {"category": "Bug"}},
                {"location": "document 2.txt", "dataset": "Test"},
            ],
        },
    }
    assert files.open("7.txt").read() == b"It crashes."


def test_entities_are_counted_in_utf16_code_units():
    record = Record(1, "😀 Ann", "7", spans=(Span(2, 5, "PER"),))
    (entry,) = labels_file(written(replace(BUGS, kind="spans"), record))["assets"]["documents"]
    region = {"regionOffset": 0, "regionLength": 6, "labels": [{"category": "PER", "offset": 3, "length": 3}]}
    assert entry["entities"] == [region]


def test_locations_of_azure_come_back_as_they_were_and_others_are_safe():
    ids = ["mails/2024/a 1.txt", "../../x.txt", "b.txt", "B.TXT", "con", "mails/2024/a 1.txt"]
    files = written(BUGS, *(Record(n, "Hi", each) for n, each in enumerate(ids, 1)))
    assert list(files.names)[:-1] == [
        "mails/2024/a 1.txt", "_.._x.txt", "b.txt", "B.TXT.txt", "_con.txt", "mails_2024_a 1.txt",
    ]  # fmt: skip


def test_the_final_label_counts_and_a_dispute_is_reported():
    reported: list[BadRow] = []
    files = written(
        BUGS,
        Record(1, "a", annotations=(RecordAnnotation("ann", ("Bug",)), RecordAnnotation("bob", ("Bug",)))),
        Record(2, "b", annotations=(RecordAnnotation("ann", ("Bug",)), RecordAnnotation("bob", ("Late",)))),
        Record(3, "c", labels=()),
        on_loss=reported.append,
    )
    classes = [entry.get("class") for entry in labels_file(files)["assets"]["documents"]]
    assert classes == [{"category": "Bug"}, None, None]
    assert [row.line for row in reported] == [2, 3]


def test_what_is_lost_is_listed():
    full = DatasetFeatures(
        "single", annotators=2, has_metadata=True, has_splits=True, has_no_class=True, has_predictions=True,
        has_provenance=True, has_guideline=True, has_overlapping_spans=True,
    )  # fmt: skip
    assert len(azure.losses(full)) == 7
    assert len(azure.losses(replace(full, kind="multi"))) == 6  # an empty list of classes says it


def test_100_000_characters_come_back_as_they_were():
    record = Record(1, LONG_TEXT, "7", spans=(Span(99_990, 100_000, "end"),), split="pool")
    (row,) = reader.read(written(replace(BUGS, kind="spans"), record))
    assert row == replace(record, external_id="7.txt")


@given(st.sampled_from(["single", "multi", "spans"]).flatmap(datasets))
def test_documents_come_back_as_they_were(dataset):
    outline, records = dataset
    files = written(outline, *records)
    assert recognize(files) == "azure" or not records
    if records:
        names = dict(zip([r.external_id for r in records], files.names, strict=False))
        expected = [replace(record, external_id=names[record.external_id]) for record in records]
        assert list(reader.read(files)) == expected
        assert {c.name for c in reader.outline(files).classes} == {c.name for c in outline.classes}
