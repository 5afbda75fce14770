"""Is what goes to doccano what comes back from it, and is each loss listed?"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import DatasetFeatures, OutlineClass, ProjectOutline
from labeling.formats.readers import doccano as reader
from labeling.formats.records import BadRow, Record, RecordAnnotation, RecordPrediction, Span
from labeling.formats.writers import doccano
from tests.labeling.formats.strategies import LONG_TEXT, datasets

OUTLINE = ProjectOutline("Review Queue", "mails", "multi")


def written(outline: ProjectOutline, records: Iterable[Record]) -> tuple[FilesInMemory, list[BadRow]]:
    losses: list[BadRow] = []
    with zipfile.ZipFile(BytesIO(b"".join(doccano.write(outline, records, losses.append)))) as archive:
        return FilesInMemory({name: archive.read(name) for name in archive.namelist()}, "mails.zip"), losses


def by_document(rows: Iterable[Record | BadRow]) -> dict[str | None, Record]:
    """The rows of each document in one record, without what doccano cannot hold."""
    documents: dict[str | None, Record] = {}
    for row in rows:
        assert isinstance(row, Record)
        metadata = {key: value for key, value in row.metadata.items() if value is not None}
        annotations = [
            RecordAnnotation(a.annotator, tuple(sorted(a.labels)) if a.labels else None, a.spans or None)
            for a in row.answers
            if a.labels or a.spans
        ]
        document = documents.setdefault(row.external_id, Record(0, row.text, row.external_id, metadata))
        assert (document.text, document.metadata) == (row.text, metadata)
        merged = sorted((*document.annotations, *annotations), key=lambda a: a.annotator or "")
        documents[row.external_id] = replace(document, annotations=tuple(merged))
    return documents


def comparable(documents: dict[str | None, Record]) -> dict[str | None, object]:
    return {key: (record.text, record.metadata, record.annotations) for key, record in documents.items()}


@given(st.sampled_from(["single", "multi", "spans"]).flatmap(lambda k: datasets(k, with_metadata=True)))
def test_a_project_comes_back_as_it_was(dataset):
    outline, records = dataset
    files, losses = written(outline, records)
    assert comparable(by_document(reader.read(files))) == comparable(by_document(records))
    assert losses == []
    assert set(reader.outline(files).classes) >= {replace(item, color="#209cee") for item in outline.classes}


@given(st.sampled_from(["single", "multi", "spans"]).flatmap(lambda k: datasets(k, of_annotators=True)))
def test_annotators_come_back_by_their_names_or_by_those_that_files_can_have(dataset):
    outline, records = dataset
    files, losses = written(outline, records)
    renamed = {loss.values["name"]: loss.values["stem"] for loss in losses}
    expected = [
        replace(
            record,
            annotations=tuple(
                replace(a, annotator=renamed.get(a.annotator, a.annotator)) for a in record.annotations
            ),
        )
        for record in records
    ]
    assert comparable(by_document(reader.read(files))) == comparable(by_document(expected))


def test_a_long_text_comes_back_with_its_line_ends():
    record = Record(1, LONG_TEXT, "7", spans=(Span(90_000, 90_009, "X"),))
    (back,) = reader.read(written(OUTLINE, [record])[0])
    assert back == record


def test_metadata_called_as_columns_are_does_not_overwrite_them():
    record = Record(1, "Hi", "7", {"id": 3, "text": "x", "Comments": "y", "metadata.id": 4}, labels=("a",))
    (back,) = reader.read(written(OUTLINE, [record])[0])
    assert isinstance(back, Record)
    assert (back.external_id, back.text, back.labels) == ("7", "Hi", ("a",))
    assert back.metadata == record.metadata


def test_each_annotator_has_a_file_and_unlabeled_documents_are_in_the_shared_one():
    labeled = Record(
        1, "Hi", "7", annotations=(RecordAnnotation("ann", ("a",)), RecordAnnotation("bob", ("b",)))
    )
    files, _ = written(OUTLINE, [labeled, Record(2, "Ho", "8")])
    assert files.names == ["label_config.json", "ann.jsonl", "bob.jsonl", "all.jsonl"]
    row = json.loads(files.open("bob.jsonl").read())
    assert row == {"id": "7", "text": "Hi", "meta": {}, "label": ["b"], "Comments": []}
    assert json.loads(files.open("all.jsonl").read())["label"] == []


def test_every_row_has_the_same_keys_because_doccano_refuses_files_in_which_some_lack_one():
    with_metadata = Record(1, "Hi", "7", {"stars": 4}, labels=("a",))
    files, _ = written(OUTLINE, [with_metadata, Record(2, "Ho", labels=("a",))])
    first, second = (json.loads(line) for line in files.open("all.jsonl"))
    assert list(first) == list(second) == ["id", "text", "meta", "label", "Comments"]
    assert (first["meta"], second["id"], second["meta"]) == ({"stars": 4}, None, {})


def test_an_annotator_called_all_is_not_taken_for_everybody():
    files, losses = written(OUTLINE, [Record(1, "Hi", annotations=(RecordAnnotation("all", ("a",)),))])
    assert files.names == ["label_config.json", "all-2.jsonl"]
    assert [loss.reason for loss in losses] == [
        'The annotator "all" is called "all-2" there, as files must be.'
    ]


def test_notes_become_comments_and_come_back():
    annotation = RecordAnnotation("ann", ("a",), provenance={"note": "Hm.", "seconds": 3})
    (back,) = reader.read(written(OUTLINE, [Record(1, "Hi", annotations=(annotation,))])[0])
    assert isinstance(back, Record)
    assert back.annotations[0].provenance == {"note": "Hm."}


def test_a_skipped_annotation_is_a_loss_of_its_document():
    skipped = RecordAnnotation("ann", provenance={"is_skipped": True})
    _, losses = written(OUTLINE, [Record(5, "Hi", annotations=(skipped,))])
    assert [(loss.line, loss.reason) for loss in losses] == [
        (5, "A skipped or withdrawn annotation is left out.")
    ]


def test_colors_and_keys_of_the_classes_are_in_the_label_configuration():
    classes = (OutlineClass("a", color="#ff0000", shortcut="x"), OutlineClass("b", shortcut="ü"))
    files, _ = written(replace(OUTLINE, classes=classes), [Record(1, "Hi")])
    first, second = json.loads(files.open("label_config.json").read())
    assert (first["suffix_key"], first["background_color"]) == ("x", "#ff0000")
    assert second["suffix_key"] is None


def test_what_doccano_cannot_hold_is_listed():
    features = DatasetFeatures(
        "multi",
        has_metadata=True,
        has_splits=True,
        has_predictions=True,
        has_provenance=True,
        has_no_class=True,
        has_guideline=True,
        annotators=3,
    )
    assert doccano.losses(features) == [
        "The split into pool and test set is left out.",
        "Documents to which no class applies are written as unlabeled.",
        "Predictions of models are left out.",
        "The guidelines are left out.",
        "Which annotation is final is left out. Withdrawn annotations are left out.",
        "Notes become comments. Times, guideline versions and selection probabilities are left out.",
    ]
    record = Record(1, "Hi", split="test", labels=(), predictions=(RecordPrediction("m", "1", {"a": 0.5}),))
    assert list(reader.read(written(OUTLINE, [record])[0])) == [Record(1, "Hi")]
