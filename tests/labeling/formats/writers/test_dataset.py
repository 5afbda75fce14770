"""Specification of the dataset writer: everything is kept, and equal data make equal bytes."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import (
    DatasetFeatures,
    OutlineClass,
    OutlineGuideline,
    OutlineRule,
    ProjectOutline,
)
from labeling.formats.readers import dataset as reader
from labeling.formats.records import BadRow, Record, RecordAnnotation, RecordPrediction, Span
from labeling.formats.writers import dataset as writer
from tests.labeling.formats.strategies import JSON_VALUES, LONG_TEXT, STORABLE, datasets

PROVENANCE = st.dictionaries(
    st.sampled_from(["note", "created_at", "type", "labels", "lead_time", "resolution"]), JSON_VALUES
)


def written(outline: ProjectOutline, records: Any) -> bytes:
    return b"".join(writer.write(outline, records, refuse_loss))


def refuse_loss(loss: BadRow) -> None:
    raise AssertionError(loss)


def lines(file: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.removesuffix(b"\n").split(b"\n")]


@st.composite
def complete_datasets(draw: st.DrawFn) -> tuple[ProjectOutline, list[Record]]:
    """Data sets with all that a dataset can hold: rules, skipped annotations, any provenance."""
    kind = draw(st.sampled_from(["single", "multi", "spans"]))
    outline, records = draw(
        datasets(kind, of_annotators=draw(st.booleans()), with_metadata=True, with_predictions=True)
    )
    words = st.text("abc", min_size=1, max_size=5)
    rules = tuple(
        OutlineRule(each.name, draw(STORABLE), draw(STORABLE), draw(STORABLE)) for each in outline.classes
    )
    guideline = OutlineGuideline(draw(STORABLE), draw(STORABLE), "2026-01-02", draw(STORABLE), "rule", rules)
    classes = tuple(
        OutlineClass(
            each.name, draw(STORABLE), "#0072b2", "1", draw(st.booleans()), tuple(draw(st.lists(words)))
        )
        for each in outline.classes
    )
    outline = replace(outline, guidelines=(guideline,), classes=classes, description=draw(STORABLE))
    outline = replace(outline, is_complete=True)
    return outline, [
        replace(
            record,
            annotations=(
                *(replace(each, provenance=draw(PROVENANCE)) for each in record.annotations),
                *draw(st.sampled_from([(), (RecordAnnotation("ann", provenance={"is_skipped": True}),)])),
            ),
        )
        for record in records
    ]


@given(complete_datasets())
def test_a_dataset_is_read_back_as_it_was_and_written_again_byte_for_byte(
    data: tuple[ProjectOutline, list[Record]],
) -> None:
    outline, records = data
    file = written(outline, records)
    bundle = FilesInMemory({"dataset.jsonl": file})
    read_back = list(reader.read(bundle))
    assert [replace(record, line=1) for record in records] == [
        replace(record, line=1) for record in read_back if isinstance(record, Record)
    ]
    # Annotations and predictions take no part in the comparison of records.
    assert [(r.annotations, r.predictions) for r in records] == [
        (r.annotations, r.predictions) for r in read_back if isinstance(r, Record)
    ]
    assert reader.outline(bundle) == outline
    assert written(reader.outline(bundle), read_back) == file


def test_a_long_text_with_crlf_and_emoji_is_kept() -> None:
    record = Record(1, LONG_TEXT, spans=(Span(95_000, 96_000, "late"),))
    bundle = FilesInMemory({"d.jsonl": written(ProjectOutline(""), [record])})
    [again] = reader.read(bundle)
    assert isinstance(again, Record)
    assert (again.text, again.spans) == (record.text, record.spans)


def test_every_line_names_its_type_and_the_last_one_counts_them() -> None:
    record = Record(
        1,
        "Where is it?",
        annotations=(RecordAnnotation("ann", labels=("late",)), RecordAnnotation("bob", labels=())),
        predictions=(RecordPrediction("baseline", "2", {"late": 1}),),
    )
    outline = ProjectOutline(
        "", "mails", "multi", classes=(OutlineClass("late"),), guidelines=(OutlineGuideline("Be fair."),)
    )
    rows = lines(written(outline, [record]))
    assert [row["type"] for row in rows] == [
        "header",
        "project",
        "guideline",
        "class",
        "document",
        "annotation",
        "annotation",
        "prediction",
        "end",
    ]
    assert rows[0] == {
        "type": "header",
        "format": "reviewqueue-dataset",
        "format_version": 1,
        "offset_unit": "code points",
    }
    assert rows[-1] == {"type": "end", "documents": 1, "annotations": 2, "predictions": 1}


def test_provenance_is_written_in_one_order_with_what_other_tools_said_behind_it() -> None:
    provenance = {"lead_time": 3.5, "note": "odd", "created_at": "2026-01-02T03:04:05+00:00"}
    record = Record(1, "Hi", annotations=(RecordAnnotation("ann", labels=("a",), provenance=provenance),))
    annotation = lines(written(ProjectOutline(""), [record]))[3]
    assert list(annotation["provenance"]) == ["created_at", "note", "lead_time"]


def test_a_line_separator_of_unicode_ends_no_line() -> None:
    file = written(ProjectOutline(""), [Record(1, "one\u2028two\u0085three")])
    assert file.count(b"\n") == len(lines(file))


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_nothing_is_lost(kind: Any) -> None:
    features = DatasetFeatures(
        kind,
        annotators=3,
        per_document=2,
        has_metadata=True,
        has_splits=True,
        has_overlapping_spans=True,
        has_no_class=True,
        has_predictions=True,
        has_provenance=True,
        has_guideline=True,
    )
    assert writer.losses(features) == []


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_documents() -> None:
    def documents() -> Iterator[Record]:
        for number in range(20_000):
            yield Record(
                number, f"Document {number} " * 10, annotations=(RecordAnnotation("ann", labels=()),)
            )

    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in writer.write(ProjectOutline(""), documents(), refuse_loss))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 5_000_000
    assert peak < 2_000_000
