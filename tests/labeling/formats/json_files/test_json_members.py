"""Is a large JSON object read member by member, whatever the chunks that it comes in?"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.json_files.json_members import members
from labeling.formats.records import UnreadableFile
from tests.labeling.formats.strategies import JSON_VALUES, STORABLE

PATH = ("assets", "documents")


def pieces(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[start : start + size] for start in range(0, len(raw), size))


@given(
    st.dictionaries(STORABLE, JSON_VALUES, max_size=3),
    st.lists(JSON_VALUES, max_size=4),
    st.integers(1, 9),
    st.sampled_from([None, 2]),
)
def test_any_object_in_any_pieces_gives_its_members_in_order(others, documents, size, indent):
    value = {**others, "assets": {"kind": '"]}', "documents": documents, "last": {"deep": [1]}}}
    raw = json.dumps(value, indent=indent, ensure_ascii=False).encode()
    read = [(path, json.loads(part)) for path, part in members(pieces(raw, size), PATH, 10_000)]
    expected = [((key,), item) for key, item in others.items() if key != "assets"]
    inner = [(("assets", "kind"), '"]}'), *((PATH, item) for item in documents)]
    inner.append((("assets", "last"), {"deep": [1]}))
    assert [item for item in read if item[0][0] != "assets"] == expected
    assert [item for item in read if item[0][0] == "assets"] == inner


def test_a_value_that_is_too_long_is_cut_and_the_next_one_is_read():
    raw = json.dumps({"assets": {"documents": ["x" * 1000, 2]}}).encode()
    assert [part for _, part in members(pieces(raw, 7), PATH, 10)] == [b'"xxxxxxxxxx', b"2"]


def test_something_else_in_place_of_the_list_is_yielded_as_it_is():
    assert list(members([b'{"assets": {"documents": {"a": 1}}}'], PATH, 99)) == [(PATH, b'{"a": 1}')]
    assert list(members([b'{"assets": null}'], PATH, 99)) == [(("assets",), b"null")]


@pytest.mark.parametrize(
    "raw",
    [b"", b"[1]", b"{", b'{"a"', b'{"a": ', b'{"a": 1', b'{"a": "x', b'{"a": 1]', b'{"a": 1} {}', b"{a: 1}",
     b'{"\\ud800": 1}', b'{"assets": {"documents": [1, ', b'{"assets": {"documents": [1}}', b"[" * 100_000],
)  # fmt: skip
def test_a_damaged_object_is_unreadable(raw: bytes):
    with pytest.raises(UnreadableFile):
        list(members([raw], PATH, 99))
