"""Excel workbooks as JSON lines: names from the header, values that JSON knows, the first sheet with rows."""

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling import formats
from labeling.formats import Format
from labeling.formats.bundles import FilesInMemory, open_bundle
from labeling.formats.converters import convertible, excel
from labeling.formats.records import UnreadableFile


def workbook(*sheets: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def bundle(content: bytes, name: str = "mails.xlsx") -> FilesInMemory:
    return FilesInMemory({name: content})


def lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(excel.json_lines(bundle(content))).splitlines()]


def with_member(content: bytes, name: str, replacement: bytes) -> bytes:
    """The same workbook with another file in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.namelist():
            new.writestr(member, replacement if member == name else old.read(member))
    return buffer.getvalue()


def with_sheet(rows: bytes) -> bytes:
    """A workbook whose only sheet is written by hand."""
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    sheet += rows + b"</sheetData></worksheet>"
    return with_member(workbook([["text"]]), "xl/worksheets/sheet1.xml", sheet)


def test_the_first_row_names_the_columns_and_each_other_row_is_an_object():
    content = workbook([["id", "text", "label"], [7, "Where is it?", "Delivery"], [8, "Thanks", None]])
    assert lines(content) == [
        {"id": 7, "text": "Where is it?", "label": "Delivery"},
        {"id": 8, "text": "Thanks", "label": None},
    ]


def test_the_result_is_read_as_jsonl_with_the_columns_that_somebody_chose():
    content = workbook([["nr", "mail"], [7, "Where is it?"]])
    chunk = b"".join(excel.json_lines(bundle(content)))
    guess = formats.json_columns(chunk).guess
    assert guess.text == "mail"
    (record,) = formats.read(io.BytesIO(chunk), Format.JSONL, choice=guess)
    assert (record.text, record.metadata) == ("Where is it?", {"nr": 7})


def test_a_first_row_like_all_others_is_a_document_too():
    content = workbook([["The first mail, no header."], ["The second one of them."]])
    assert lines(content) == [
        {"column 1": "The first mail, no header."},
        {"column 1": "The second one of them."},
    ]


def test_dates_are_iso_8601_numbers_are_numbers_and_an_error_is_no_value():
    content = workbook(
        [
            ["text", "day", "moment", "hour", "stars", "share", "sure", "broken"],
            [
                "Hi",
                date(2026, 5, 1),
                datetime.fromisoformat("2026-05-01T09:30"),
                time(9, 30),
                3,
                0.25,
                True,
                "#N/A",
            ],
        ]
    )
    assert lines(content) == [
        {
            "text": "Hi",
            "day": "2026-05-01",
            "moment": "2026-05-01T09:30:00",
            "hour": "09:30:00",
            "stars": 3,
            "share": 0.25,
            "sure": True,
            "broken": None,
        }
    ]


def test_a_formula_counts_as_the_value_that_was_last_computed():
    content = with_sheet(
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>text</t></is></c>'
        b'<c r="B1" t="inlineStr"><is><t>sum</t></is></c></row>'
        b'<row r="2"><c r="A2" t="inlineStr"><is><t>Hi</t></is></c><c r="B2"><f>1+1</f><v>2</v></c></row>'
    )
    assert lines(content) == [{"text": "Hi", "sum": 2}]


def test_characters_that_xml_cannot_hold_are_read_as_excel_writes_them():
    content = workbook([["text"], ["one_x000D_\ntwo _x000d_ and a_xylophone_ _xD800_"]])
    assert lines(content) == [{"text": "one\r\ntwo \r and a_xylophone_ _xD800_"}]


def test_empty_rows_are_passed_over_and_nameless_columns_are_numbered():
    content = workbook([[], ["text", None, "label"], [], ["Hi", 4, "greeting", "beyond"]])
    assert lines(content) == [{"text": "Hi", "column 2": 4, "label": "greeting", "column 4": "beyond"}]


def test_of_several_sheets_the_first_with_rows_is_read_and_the_others_are_named():
    content = workbook([], [["text"], ["Hi"]], [["text"], ["Bye"]], [])
    assert lines(content) == [{"text": "Hi"}]
    assert excel.losses(bundle(content)) == [
        'The sheet "Sheet2" is not read: only the first one with rows is.'
    ]


def test_a_workbook_with_nothing_but_a_header_has_no_documents():
    assert lines(workbook([["text", "label"]])) == []


@pytest.mark.parametrize("content", [workbook([]), with_member(workbook([]), "xl/workbook.xml", b"<x/>")])
def test_an_empty_workbook_is_refused_as_an_empty_table_is(content):
    with pytest.raises(UnreadableFile, match="The file is empty"):
        lines(content)


def test_a_workbook_is_recognized_by_its_content_whatever_it_is_called(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(workbook([["text"], ["Hi"]]))
    with open_bundle(path, "mails") as files:
        assert convertible(files) == "excel"
        assert b"".join(excel.json_lines(files)) == b'{"text": "Hi"}\n'


def test_an_archive_and_a_text_are_no_workbooks():
    assert not excel.recognizes(FilesInMemory({"a.txt": b"PK\x03\x04", "b.txt": b""}, "mails.zip"))
    assert not excel.recognizes(bundle(b"id,text\n"))


def test_the_only_file_of_an_archive_is_unpacked_before_it_is_read():
    files = FilesInMemory({"in/mails.xlsx": workbook([["text"], ["Hi"]])}, "mails.zip")
    assert excel.recognizes(files)
    assert b"".join(excel.json_lines(files)) == b'{"text": "Hi"}\n'


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        workbook([["text"], ["Hi"]])[:-40],
        with_member(workbook([["text"], ["Hi"]]), "xl/worksheets/sheet1.xml", b"<worksheet><a"),
        with_sheet(b'<row r="1"><c r="A1" t="s"><v>7</v></c></row>'),
        with_sheet(b'<row r="9999999999999"><c r="A9999999999999"><v>1</v></c></row>'),
    ],
)
def test_a_damaged_workbook_is_refused_with_what_to_do(content):
    with pytest.raises(UnreadableFile, match="Save it again"):
        lines(content)


def test_a_workbook_that_expands_beyond_measure_is_refused():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "x")
        archive.writestr("xl/sharedStrings.xml", b" " * 30_000_000)
    with pytest.raises(UnreadableFile, match="too large"):
        lines(content.getvalue())


@given(st.binary(max_size=200))
def test_noise_behind_the_first_bytes_is_never_more_than_unreadable(noise):
    with pytest.raises(UnreadableFile):
        lines(b"PK\x03\x04" + noise)


def test_a_cell_with_a_json_list_of_labels_or_spans_is_that_list():
    content = workbook(
        [
            ("text", "labels", "spans"),
            ("Ann sings.", '["late", "rude"]', '[[0, 3, "PER"]]'),
            ("Ben sings.", "late|rude", "[0, 3"),
        ]
    )
    first, second = lines(content)
    assert (first["labels"], first["spans"]) == (["late", "rude"], [[0, 3, "PER"]])
    assert (second["labels"], second["spans"]) == ("late|rude", "[0, 3")
