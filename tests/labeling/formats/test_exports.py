"""Does what leaves come back unchanged, and can it do no harm in a spreadsheet?"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats import (
    Annotation,
    ColumnChoice,
    ExportRow,
    Format,
    Record,
    Span,
    columns,
    read,
    write_csv,
    write_jsonl,
)
from labeling.formats.dataset_lines import PROVENANCE_KEYS
from labeling.formats.names import normal_name
from labeling.formats.tables.csv_rows import needs_escape, unescaped

DANGEROUS = [
    '=HYPERLINK("http://example.com")',
    "+cmd|'/c calc'!A1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1",
    " =1",
    "'=1",
    "''",
    "'tis",
    "= ",
]
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1).filter(
    lambda text: not text.isspace()
)
NAME = TEXT.map(str.strip).filter(lambda name: 0 < len(name) <= 100)
CLASS = NAME.map(normal_name).filter(lambda name: 0 < len(name) <= 100)
BY = Annotation(
    "ann",
    "2026-03-01T09:30:00+00:00",
    "person",
    3,
    4.5,
    True,
    False,
    False,
    "agreed",
    "random",
    0.25,
    "Clear.",
    {"policy": "hidden"},
)


def row(text: str, labels: tuple[str, ...] | None = None, spans: tuple[Span, ...] | None = None) -> ExportRow:
    return ExportRow(text, "d-1", {"source": "=web", "stars": 4}, "test", labels, spans, BY)


@st.composite
def export_rows(draw: st.DrawFn) -> ExportRow:
    text = draw(TEXT)
    labels = draw(st.none() | st.lists(CLASS, unique=True, max_size=3).map(tuple))
    return ExportRow(
        text, draw(st.none() | NAME), {}, draw(st.sampled_from(["pool", "test"])), labels, None, BY
    )


def read_back(raw: bytes) -> list[Record]:
    choice = columns(raw).guess
    return list(read(io.BytesIO(raw), Format.CSV, choice=choice))


def left(rows: list[ExportRow]) -> list[tuple[object, ...]]:
    """What leaves; without a label there is no annotation to speak of."""
    return [
        (r.text, r.external_id, r.split, r.labels, None if r.labels is None else r.annotation) for r in rows
    ]


def came_back(records: list[Record]) -> list[tuple[object, ...]]:
    """The same of what is read, from the one annotation of each row."""
    result: list[tuple[object, ...]] = []
    for record in records:
        assert record.labels is None
        labels, annotation = None, None
        for answer in record.annotations:
            values: Any = [answer.provenance[key] for key in PROVENANCE_KEYS]
            labels, annotation = answer.labels, Annotation(answer.annotator, *values)
        result.append((record.text, record.external_id, record.split, labels, annotation))
    return result


@given(st.lists(export_rows(), min_size=1, max_size=5))
def test_jsonl_comes_back_as_it_left(rows: list[ExportRow]):
    records = list(read(io.BytesIO(b"".join(write_jsonl(rows, "multi"))), Format.JSONL))
    assert came_back(records) == left(rows)


# reliability B2
@given(st.lists(export_rows(), min_size=1, max_size=5), st.booleans())
def test_csv_comes_back_as_it_left(rows: list[ExportRow], for_spreadsheets: bool):
    raw = b"".join(write_csv(rows, "multi", [], for_spreadsheets=for_spreadsheets))
    text = "spreadsheet_text" if for_spreadsheets else "text"
    choice = ColumnChoice(text, "id", labels="labels", split="split")
    records = list(read(io.BytesIO(raw), Format.CSV, choice=choice))
    assert came_back(records) == left(rows)


# reliability B1
@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_the_spreadsheet_export_can_run_and_all_come_back(text: str):
    raw = b"".join(write_csv([row(text, ("=class",))], "single", ["source", "stars"], for_spreadsheets=True))
    for cells in csv.reader(io.StringIO(raw.decode().removeprefix("\ufeff"), newline="")):
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d")) for cell in cells)
        assert not any(cell.startswith(("\t", "\r", "\n")) for cell in cells)
    (record,) = read_back(raw)
    assert (record.text, record.answers[0].labels) == (text, ("=class",))
    assert record.metadata == {"source": "=web", "stars": "4"}


@given(st.text())
def test_an_escape_is_undone_exactly(cell: str):
    escaped = "'" + cell if needs_escape(cell) else cell
    assert unescaped(escaped) == cell
    assert not escaped.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_csv_for_programs_is_left_alone():
    raw = b"".join(write_csv([row("=1+1", ("a",))], "single", ["source"], for_spreadsheets=False))
    assert raw == (
        b"id,text,label,split,annotation.annotator,annotation.created_at,annotation.source,"
        b"annotation.guideline_version,annotation.seconds,annotation.is_counted,annotation.is_surplus,"
        b"annotation.is_withdrawn,annotation.resolution,annotation.selected_by,"
        b"annotation.selection_probability,annotation.note,annotation.suggestion,metadata.source\r\n"
        b"d-1,=1+1,a,test,ann,2026-03-01T09:30:00+00:00,person,3,4.5,true,false,false,agreed,random,0.25,Clear.,"
        b'"{""policy"": ""hidden""}",=web\r\n'
    )


def test_files_of_before_keys_were_renamed_are_read_the_same():
    names = {"resolution": "how", "selected_by": "share", "selection_probability": "chance"}
    rows = [row("=1+1", ("a",))]
    jsonl = b"".join(write_jsonl(rows, "single"))
    table = b"".join(write_csv(rows, "single", ["source"], for_spreadsheets=False))
    for lines, records_of in (
        (jsonl, lambda raw: list(read(io.BytesIO(raw), Format.JSONL))),
        (table, read_back),
    ):
        old = lines
        for new_name, old_name in names.items():
            assert new_name.encode() in old
            old = old.replace(new_name.encode(), old_name.encode())
        assert records_of(old) == records_of(lines)
        assert [record.answers[0].labels for record in records_of(old)] == [("a",)]


def test_spans_leave_as_start_end_and_label_in_both_formats():
    spans = (Span(0, 3, "person"),)
    jsonl = b"".join(write_jsonl([row("Ann sings", spans=spans)], "spans"))
    assert json.loads(jsonl)["spans"] == [[0, 3, "person"]]
    (record,) = read_back(
        b"".join(write_csv([row("Ann sings", spans=spans)], "spans", [], for_spreadsheets=True))
    )
    assert record.answers[0].spans == spans


def test_a_document_without_an_annotation_says_nothing_about_one():
    plain = ExportRow("Hi", None, {}, "pool", None, None, None)
    assert json.loads(b"".join(write_jsonl([plain], "single"))) == {
        "id": None,
        "text": "Hi",
        "label": None,
        "split": "pool",
        "metadata": {},
    }
    (record,) = read_back(b"".join(write_csv([plain], "single", [], for_spreadsheets=False)))
    assert record == Record(2, "Hi", split="pool")


def test_long_exports_leave_in_pieces():
    rows = [row("x" * 1000, ("a",))] * 500
    for pieces in (write_jsonl(rows, "single"), write_csv(rows, "single", [], for_spreadsheets=True)):
        sizes = [len(piece) for piece in pieces]
        assert len(sizes) > 5
        assert max(sizes) < 100_000


def test_an_empty_export_is_a_header_or_nothing():
    assert b"".join(write_jsonl([], "single")) == b""
    assert b"".join(write_csv([], "spans", [], for_spreadsheets=False)).startswith(b"id,text,spans,split")
