"""Which documents does a JSON list hold, wherever its bytes are cut and whatever is in it?"""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats import BadRow, Format, Record, UnreadableFile, read
from labeling.formats.json_files.json_list import elements

VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-99, 99)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('a[]{},"\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def read_list(raw: str | bytes) -> list[Record | BadRow]:
    raw = raw.encode() if isinstance(raw, str) else raw
    return list(read(io.BytesIO(raw), Format.JSON))


def texts(rows: list[Record | BadRow]) -> list[str]:
    return [row.text if isinstance(row, Record) else f"! {row.line}" for row in rows]


def test_objects_and_texts_are_documents_with_their_places():
    rows = read_list(
        '[\n  {"text": "One", "id": 1, "lang": "en"},\n  {\n    "text": "Two"\n  },\n  "Three"\n]\n'
    )
    assert [(row.line, row.text, row.external_id) for row in rows] == [
        (1, "One", "1"),
        (2, "Two", None),
        (3, "Three", None),
    ]
    assert rows[0].metadata == {"lang": "en"}


@given(st.lists(VALUE, max_size=6), st.integers(1, 12), st.sampled_from([None, 1]), st.booleans())
def test_a_list_is_cut_into_its_elements_wherever_chunks_end(
    values: list, size: int, indent: int, ascii: bool
):
    raw = json.dumps(values, indent=indent, ensure_ascii=ascii).encode()
    chunks = [raw[start : start + size] for start in range(0, len(raw), size)]
    assert [json.loads(element) for element in elements(chunks, 10_000)] == values


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_are_cut_alike_wherever_chunks_end(rest: bytes, size: int):
    raw = b'[{"text": "a"},' + rest

    def outcome(step: int) -> tuple[list[bytes], str]:
        byteses: list[bytes] = []
        try:
            byteses.extend(elements((raw[start : start + step] for start in range(0, len(raw), step)), 50))
        except UnreadableFile as error:
            return byteses, str(error)
        return byteses, ""

    assert outcome(size)[0] == outcome(len(raw))[0]


@pytest.mark.parametrize(
    ("element", "outcome"),
    [
        ('{"text": }', "! 2"),
        ('{"text": ["x"}', "! 2"),
        ('{"text": "x"]}', "! 2"),
        ("}", "! 2"),
        ("", "! 2"),
        ("7", "! 2"),
        ('{"text": "a \\\\"}', "a \\"),
    ],
)
def test_a_broken_row_costs_itself(element: str, outcome: str):
    assert texts(read_list(f'["first",\n{element},\n"next"]')) == ["first", outcome, "next"]


def test_a_byte_that_is_not_utf8_costs_one_row():
    assert texts(read_list(b'["caf\xe9", "tea"]')) == ["! 1", "tea"]


@pytest.mark.parametrize(
    ("raw", "texts_before", "words"),
    [
        ("", [], "ends in the middle of row 1"),
        ('["a",\n"b', ["a"], "ends in the middle of row 2"),
        ('["a",\n{"text": "b",\n"c"]', ["a"], "ends in the middle of row 2"),
        ('["a"]\n["b"]', ["a"], "There is text after"),
        ('{"a": []}', [], "must start with"),
        ("[" * 10_001, [], "nested too deep"),
    ],
)
def test_what_is_no_list_is_said_after_the_rows_before_it(raw: str, texts_before: list[str], words: str):
    rows: list[Record | BadRow] = []
    with pytest.raises(UnreadableFile, match=words):
        rows.extend(read(io.BytesIO(raw.encode()), Format.JSON))
    assert texts(rows) == texts_before


def test_an_empty_list_and_a_last_comma_are_no_rows():
    assert read_list(" [ ]\n") == []
    assert texts(read_list('["a",\n]')) == ["a"]
