"""Specification of the dataset reader: damage is noticed, and costs no more than the damaged line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.projects import READERS, recognize
from labeling.formats.readers import dataset
from labeling.formats.records import BadRow, Record, UnreadableFile

HEADER = {
    "type": "header",
    "format": "reviewqueue-dataset",
    "format_version": 1,
    "offset_unit": "code points",
}
DOCUMENT = {"type": "document", "id": "7", "text": "Maria sings", "split": "test", "metadata": {"stars": 4}}
ANNOTATION = {"type": "annotation", "annotator": "ann", "labels": ["late"], "provenance": {"note": "odd"}}


def end(documents: int, annotations: int = 0, predictions: int = 0) -> dict[str, Any]:
    return {
        "type": "end",
        "documents": documents,
        "annotations": annotations,
        "predictions": predictions,
    }


def bundle(*rows: Any) -> FilesInMemory:
    return FilesInMemory({"d.jsonl": "\n".join(json.dumps(row) for row in rows).encode()})


def read(*rows: Any) -> list[Record | BadRow]:
    return list(dataset.read(bundle(*rows)))


def reasons(rows: Sequence[Record | BadRow]) -> list[str]:
    return [row.reason for row in rows if isinstance(row, BadRow)]


def test_a_document_comes_with_the_annotations_and_predictions_behind_it() -> None:
    prediction = {"type": "prediction", "model": "m", "version": "2", "probabilities": {"late": 0.5}}
    [first, second] = read(HEADER, DOCUMENT, ANNOTATION, prediction, {**DOCUMENT, "id": "8"}, end(2, 1, 1))
    assert isinstance(first, Record)
    assert (first.external_id, first.split, first.metadata) == ("7", "test", {"stars": 4})
    [annotation] = first.annotations
    assert (annotation.annotator, annotation.labels) == ("ann", ("late",))
    assert annotation.provenance == {"note": "odd"}
    assert first.predictions[0].probabilities == {"late": 0.5}
    assert isinstance(second, Record)
    assert second.annotations == ()


def test_it_is_recognized_before_any_other_format_packed_or_not() -> None:
    plain = bundle(HEADER, end(0))
    packed = FilesInMemory({"d.jsonl.gz": gzip.compress(plain.open("d.jsonl").read())})
    assert recognize(plain) == recognize(packed) == next(iter(READERS)) == "dataset"
    assert list(dataset.read(packed)) == []


@pytest.mark.parametrize("first", [{"text": "Hi"}, [1], {"format": "another"}, "reviewqueue-dataset"])
def test_other_json_lines_are_not_recognized(first: Any) -> None:
    assert not dataset.recognizes(bundle(first))


def test_a_damaged_gzip_file_is_not_recognized() -> None:
    assert not dataset.recognizes(FilesInMemory({"d.gz": gzip.compress(b"{}" * 99)[:-12]}))


def test_a_cut_file_is_noticed_after_its_documents() -> None:
    rows = dataset.read(bundle(HEADER, DOCUMENT, ANNOTATION))
    assert isinstance(next(rows), Record)
    with pytest.raises(UnreadableFile, match="incomplete"):
        next(rows)


def test_lines_that_are_missing_in_the_middle_are_noticed() -> None:
    with pytest.raises(UnreadableFile, match="Lines of the dataset are missing: 1"):
        read(HEADER, DOCUMENT, end(1, 1))


def test_lines_after_the_end_are_noticed() -> None:
    with pytest.raises(UnreadableFile, match="Line 3 is after the end"):
        read(HEADER, end(0), DOCUMENT)


def test_a_later_version_of_the_format_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="format version 2, and this service reads up to 1"):
        read({**HEADER, "format_version": 2}, DOCUMENT, end(1))


@pytest.mark.parametrize(
    "first", [DOCUMENT, {**HEADER, "format": "x"}, {**HEADER, "format_version": True}, 7]
)
def test_a_file_without_the_header_is_refused(first: Any) -> None:
    with pytest.raises(UnreadableFile):
        read(first, end(0))


def test_an_unknown_type_is_refused_with_its_line() -> None:
    rows = read(HEADER, {"type": "relation", "from": 1}, DOCUMENT, end(1))
    [bad, document] = rows
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.reason) == (
        2,
        'Unknown type of line "relation". Update Review Queue or remove the line.',
    )
    assert isinstance(document, Record)


@pytest.mark.parametrize(
    "line",
    [
        {"type": "annotation", "annotator": 7, "labels": ["late"]},
        {"type": "annotation", "annotator": "ann", "labels": "late"},
        {"type": "annotation", "annotator": "ann", "spans": [[0, 99, "person"]]},
        {"type": "annotation", "annotator": "ann", "provenance": [1]},
        {"type": "prediction", "model": "", "probabilities": {}},
        {"type": "prediction", "model": "m", "probabilities": {"late": 2}},
        {"type": "prediction", "model": "m", "probabilities": [1]},
    ],
)
def test_a_document_is_kept_without_an_annotation_that_cannot_be_taken(line: dict[str, Any]) -> None:
    counts = (1, 1, 0) if line["type"] == "annotation" else (1, 0, 1)
    bad, record = read(HEADER, DOCUMENT, line, end(*counts))
    assert isinstance(bad, BadRow)
    assert bad.line == 3
    assert isinstance(record, Record)
    assert (record.annotations, record.predictions) == ((), ())


def test_annotations_of_a_document_that_cannot_be_read_go_to_no_other() -> None:
    rows = read(HEADER, DOCUMENT, {**DOCUMENT, "text": " "}, ANNOTATION, end(2, 1))
    assert [row.annotations for row in rows if isinstance(row, Record)] == [()]
    assert reasons(rows) == ["The text is empty. Add text or remove the row."]


def test_a_document_with_a_span_outside_its_text_keeps_the_text() -> None:
    [record] = read(HEADER, {**DOCUMENT, "spans": [[3, 99, "person"]]}, end(1))
    assert isinstance(record, Record)
    assert (record.text, record.spans, len(record.problems)) == ("Maria sings", None, 1)


def test_a_damaged_line_costs_only_itself() -> None:
    good = [json.dumps(row).encode() for row in (HEADER, DOCUMENT, ANNOTATION, end(2, 1))]
    file = b"\n".join([good[0], b'{"type": "document", "text": NaN}', *good[1:]])
    rows = list(dataset.read(FilesInMemory({"d": file})))
    assert [type(row) for row in rows] == [BadRow, Record]


def test_classes_guidelines_and_rules_are_in_the_outline() -> None:
    outline = dataset.outline(
        bundle(
            HEADER,
            {"type": "project", "name": "mails", "kind": "spans", "allows_overlapping_spans": True},
            {
                "type": "guideline",
                "number": 1,
                "text": "Be fair.",
                "rules": [{"class": "late", "definition": "After the day."}],
            },
            {"type": "class", "name": "late", "is_active": False, "seed_words": ["delay"]},
            DOCUMENT,
        )
    )
    assert (outline.name, outline.kind, outline.allows_overlapping_spans) == ("mails", "spans", True)
    assert outline.guidelines[0].rules[0].definition == "After the day."
    assert (outline.classes[0].is_active, outline.classes[0].seed_words) == (False, ("delay",))


def test_a_class_that_cannot_be_taken_is_listed_as_a_loss() -> None:
    outline = dataset.outline(bundle(HEADER, {"type": "class", "name": " "}, {"type": "class", "name": "a"}))
    assert [each.name for each in outline.classes] == ["a"]
    assert outline.losses == ("A label is empty. Enter a class name or remove it.",)


@given(st.binary(max_size=300), st.lists(st.sampled_from([HEADER, DOCUMENT, ANNOTATION, [[]], {"type": []}])))
def test_no_file_raises_anything_but_that_it_is_unreadable(noise: bytes, rows: list[Any]) -> None:
    file = "\n".join(json.dumps(row) for row in [HEADER, *rows]).encode() + b"\n" + noise
    for content in (noise, file):
        for take in (lambda b: list(dataset.read(b)), dataset.outline, dataset.recognizes):
            try:
                take(FilesInMemory({"d": content}))
            except UnreadableFile:
                continue
