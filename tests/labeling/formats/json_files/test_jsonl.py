"""Which lines of JSONL become documents, and which are refused with what words?"""

from __future__ import annotations

import contextlib
import io
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats import BadRow, ColumnChoice, Format, Record, RowProblem, Span, read, record_from
from labeling.formats.strict_json import MAX_DEPTH, loads

STORABLE = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | STORABLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STORABLE, inner, max_size=4),
    max_leaves=20,
)


def read_jsonl(*rows: str | bytes) -> list[Record | BadRow]:
    raw = b"\n".join(row if isinstance(row, bytes) else row.encode() for row in rows)
    return list(read(io.BytesIO(raw), Format.JSONL))


def reason(row: str | bytes) -> str:
    (bad,) = read_jsonl(row)
    assert isinstance(bad, BadRow), bad
    return bad.reason


def test_known_keys_become_fields_and_all_others_metadata():
    (record,) = read_jsonl(
        '{"id": 5, "text": "Ann sings", "label": "music", "spans": [[0, 3, "person"]], "split": "test",'
        ' "metadata": {"source": "web"}, "stars": 4, "annotation": {"by": "bob"}}'
    )
    assert record == Record(
        line=1,
        text="Ann sings",
        external_id="5",
        metadata={"source": "web", "stars": 4},
        labels=("music",),
        spans=(Span(0, 3, "person"),),
        split="test",
    )


def test_no_label_differs_from_no_class_applies():
    nothing, none_applies = read_jsonl('{"text": "a", "labels": null}', '{"text": "a", "labels": []}')
    assert nothing.labels is None
    assert none_applies.labels == ()


def test_a_bad_row_costs_one_row_and_blank_lines_count_for_the_line_number():
    rows = read_jsonl('{"text": "one"}', "", '{"text": ', '{"text": "four"}\r')
    assert [(type(row), row.line) for row in rows] == [(Record, 1), (BadRow, 3), (Record, 4)]
    assert rows[1].excerpt == '{"text":'


def test_lines_end_at_newlines_only():
    (record,) = read_jsonl('{"text": "one\u2028still one\u0085and still"}')
    assert record.text == "one\u2028still one\u0085and still"


# reliability B2
@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("[1]", "must be an object"),
        ("{}", "has no text"),
        ('{"text": 3}', "has no text"),
        ('{"text": " \\n"}', "is empty"),
        ('{"text": "a"} {"text": "b"}', "not valid JSON: Extra data at character 15"),
        ('{"text": "a", "text": "b"}', 'key "text" is listed twice'),
        ('{"text": "a", "x": {"y": 1, "y": 2}}', 'key "y" is listed twice'),
        ('{"text": "a", "x": NaN}', "NaN is not a JSON number"),
        ('{"text": "a", "x": -Infinity}', "-Infinity is not a JSON number"),
        ('{"text": "a", "x": 1e999999}', "number is too large"),
        ('{"text": "a", "x": 9223372036854775808}', "more than 64 bits"),
        ('{"text": "a", "x": ' + "9" * 100_000 + "}", "more than 64 bits"),
        ('{"text": "a\\u0000b"}', "NUL character"),
        ('{"text": "a", "x": ["\\u0000"]}', "NUL character"),
        ('{"text": "a", "\\u0000": 1}', "NUL character"),
        ('{"text": "a\\ud800"}', "half of a character"),
        ('{"text": "a\x00"}', "not valid JSON: Invalid control character"),
        (b'{"text": "caf\xe9"}', "Byte 14 (0xE9) is not UTF-8"),
        (b'{"text": "\xed\xa0\x80"}', "is not UTF-8"),
        ('{"text": "a", "metadata": [1]}', '"metadata" must be an object'),
        ('{"text": "a", "x": 1, "metadata": {"x": 2}}', '"x" is both inside and outside'),
        ('{"text": "a", "split": "holdout"}', "split must be"),
    ],
)
def test_what_is_wrong_is_said(row: str | bytes, words: str):
    assert words in reason(row)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"id": True}, "without its ID: The ID must be a string"),
        ({"id": 2.5}, "without its ID: The ID must be a string"),
        ({"id": ["x"]}, "without its ID: The ID must be a string"),
        ({"id": "x" * 201}, "ID has more than 200"),
        ({"label": "x", "labels": ["y"]}, "not both"),
        ({"labels": "x"}, "must be a list"),
        ({"labels": ["x", None]}, "must be a class name"),
        ({"labels": ["x", ""]}, "label is empty"),
        ({"label": ""}, "without its label: A label is empty"),
        ({"label": " "}, "label is empty"),
        ({"label": ["x"]}, "must be a class name"),
        ({"label": True}, "must be a class name"),
        ({"label": 1.5}, "must be a class name"),
        ({"label": {"name": "x"}}, "must be a class name"),
        ({"label": "x" * 101}, "label has more than 100"),
        ({"spans": [[0, 4, "x"]]}, "span 0 to 4 is outside the text, which has 3"),
        ({"spans": [[1, 1, "x"]]}, "outside"),
        ({"spans": [[-1, 1, "x"]]}, "outside"),
        ({"spans": [[0, 1.5, "x"]]}, "whole numbers"),
        ({"spans": [[0, True, "x"]]}, "whole numbers"),
        ({"spans": [[0, 1]]}, "A span must have"),
        ({"spans": {"start": 0}}, "must be a list of"),
        ({"spans": [[0, 1, "x"], [1, 9, "y"]]}, "outside"),
    ],
)
def test_an_odd_id_or_label_is_told_and_the_document_stays(fields: dict[str, object], words: str):
    (record,) = read_jsonl(json.dumps({"text": "abc"} | fields))
    assert record == Record(1, "abc"), "nothing of what is odd is taken"
    (problem,) = record.problems
    assert words in str(problem)


def test_several_odd_fields_are_told_together():
    (record,) = read_jsonl('{"text": "abc", "id": false, "label": [], "spans": 3, "stars": 5}')
    assert record == Record(1, "abc", metadata={"stars": 5})
    assert len(record.problems) == 3


@pytest.mark.parametrize(
    ("fields", "record"),
    [
        ({"label": 1.0}, Record(1, "abc", labels=("1",))),
        ({"label": -2}, Record(1, "abc", labels=("-2",))),
        ({"label": None, "id": None}, Record(1, "abc")),
        ({"labels": [3.0, "x"]}, Record(1, "abc", labels=("3", "x"))),
        ({"labels": ["x", "y", "x"]}, Record(1, "abc", labels=("x", "y"))),
        ({"id": 3.0}, Record(1, "abc", "3")),
        ({"id": 1234567890123456789}, Record(1, "abc", "1234567890123456789")),
        ({"spans": [[0.0, 2.0, 7.0]]}, Record(1, "abc", spans=(Span(0, 2, "7"),))),
        ({"spans": [[0, 2, "x"], [0, 2, "x"]]}, Record(1, "abc", spans=(Span(0, 2, "x"),))),
    ],
)
def test_whole_numbers_and_doubled_labels_are_read_as_what_they_are(
    fields: dict[str, object], record: Record
):
    (row,) = read_jsonl(json.dumps({"text": "abc"} | fields))
    assert row == record
    assert row.problems == ()


def test_spans_count_code_points():
    (record,) = read_jsonl('{"text": "😀 Ann", "spans": [{"start": 2, "end": 5, "label": "person"}]}')
    (span,) = record.spans
    assert record.text[span.start : span.end] == "Ann"


# reliability C2
@pytest.mark.parametrize(
    "deep", ["[" * 100_000, '{"a":' * 100_000, '{"text": "a", "x": ' + "[" * 33 + "]" * 33 + "}"]
)
def test_deep_nesting_is_refused_and_not_followed(deep: str):
    started = time.process_time()
    assert "deep" in reason(deep) or "values" in reason(deep)
    assert time.process_time() - started < 1


def test_brackets_and_commas_inside_of_the_text_are_no_structure():
    text = "[{" * 500 + "," * 60_000 + '\\"["' * 50
    (record,) = read_jsonl(json.dumps({"text": text, "x": [[[1]]] * 40}))
    assert record.text == text


def test_a_million_keys_are_refused_within_a_second():
    row = '{"text": "a", ' + ", ".join(f'"{n}": 1' for n in range(1_000_000 // 3)) + "}"
    started = time.process_time()
    assert "more than 50000 values" in reason(row)
    assert time.process_time() - started < 1


def test_the_longest_text_is_taken_and_a_longer_one_refused():
    (record,) = read_jsonl(json.dumps({"text": "ä" * 1_000_000}))
    assert len(record.text) == 1_000_000
    assert "1000001 characters" in reason(json.dumps({"text": "a" * 1_000_001}))


@given(JSON)
def test_plain_json_reads_as_the_standard_library_reads_it(value):
    source = json.dumps(value)
    assert loads(source) == json.loads(source)
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == json.loads(source)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_value_or_a_row_problem(raw: bytes):
    with contextlib.suppress(RowProblem):
        json.dumps(loads(raw), allow_nan=False)


def test_nesting_up_to_the_limit_is_taken():
    assert loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)


def test_an_object_of_a_request_reads_as_a_line_does():
    assert record_from({"text": "Hi", "stars": 1}, line=3) == Record(3, "Hi", metadata={"stars": 1})


def read_chosen(choice: ColumnChoice, *rows: dict[str, Any]) -> list[Record | BadRow]:
    raw = "".join(json.dumps(row) + "\n" for row in rows).encode()
    return list(read(io.BytesIO(raw), Format.JSONL, choice=choice))


def test_the_keys_of_a_file_may_be_called_otherwise() -> None:
    """Also those inside of its metadata; what has no role is metadata, and what is left out is nowhere."""
    choice = ColumnChoice("body", "nr", label="metadata.topic", left_out=("page", "metadata.mood"))
    (record,) = read_chosen(
        choice,
        {
            "body": "Where is it?",
            "nr": 4,
            "page": 1,
            "text": "a title",
            "label": "x",
            "metadata": {"topic": "Delivery", "mood": "bad", "channel": "mail"},
            "annotation": {"by": "Ann"},
        },
    )
    assert isinstance(record, Record)
    assert (record.text, record.external_id, record.labels) == ("Where is it?", "4", ("Delivery",))
    assert record.metadata == {"text": "a title", "label": "x", "channel": "mail"}


def test_a_row_without_the_chosen_text_names_the_key_that_it_lacks() -> None:
    (bad,) = read_chosen(ColumnChoice("body"), {"text": "Hi"})
    assert isinstance(bad, BadRow)
    assert bad.reason == 'The row has no text. Add the field "body".'


@pytest.mark.parametrize(
    ("separator", "value", "labels"),
    [
        (";", "late; rude;", ("late", "rude")),
        ("#", "#late#rude", ("late", "rude")),
        (",", "late, rude,late", ("late", "rude")),
        (None, "late|rude", ("late", "rude")),
        (";", "late|rude", ("late|rude",)),
        (";", '["late;rude"]', ("late;rude",)),
        (";", ["late;rude"], ("late;rude",)),
        (";", " ", None),
        (";", None, None),
        (";", 3, ("3",)),
    ],
)
def test_several_labels_in_one_text_are_split_where_it_was_chosen(
    separator: str | None, value: Any, labels: tuple[str, ...] | None
) -> None:
    choice = ColumnChoice("text", labels="tags", separator=separator)
    (record,) = read_chosen(choice, {"text": "Hi", "tags": value})
    assert isinstance(record, Record)
    assert (record.labels, record.problems) == (labels, ())


def test_a_label_that_cannot_be_split_costs_itself_alone() -> None:
    (record,) = read_chosen(ColumnChoice("text", labels="tags"), {"text": "Hi", "tags": '["late"'})
    assert isinstance(record, Record)
    assert (record.text, record.labels, len(record.problems)) == ("Hi", None, 1)
    (record,) = read_chosen(ColumnChoice("text", spans="marks"), {"text": "Hi", "marks": "[[0, 2"})
    assert isinstance(record, Record)
    assert (record.spans, len(record.problems)) == (None, 1)


def test_bare_texts_of_a_list_are_texts_whatever_was_chosen() -> None:
    raw = io.BytesIO(b'["One", {"body": "Two"}, {"text": "Three"}]')
    rows = list(read(raw, Format.JSON, choice=ColumnChoice("body")))
    assert [getattr(record, "text", None) for record in rows] == ["One", "Two", None]
