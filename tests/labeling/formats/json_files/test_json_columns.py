"""Which fields do JSON rows offer, and which of them is guessed to be what?"""

from __future__ import annotations

import gzip
import json
from typing import Any

from labeling.formats import Columns, json_columns

CLASSES = {"Refund", "Delivery"}


def found_in(*rows: Any, is_list: bool = False) -> Columns:
    raw = json.dumps(rows) if is_list else "".join(json.dumps(row) + "\n" for row in rows)
    columns = json_columns(raw.encode(), is_list=is_list, class_names=CLASSES)
    assert columns is not None
    return columns


def test_fields_come_in_their_order_with_those_of_metadata() -> None:
    columns = found_in(
        {"id": 1, "text": "Hi", "metadata": {"channel": "mail"}},
        {"text": "Ho", "stars": 4, "tags": ["a", "b"], "annotation": {"by": 3}},
    )
    assert columns.names == ("id", "text", "metadata.channel", "stars", "tags")
    assert columns.rows == (("1", "Hi", "mail", "", ""), ("", "Ho", "", "4", '["a", "b"]'))
    assert (columns.guess.text, columns.guess.id, columns.guess.label) == ("text", "id", None)


def test_usual_keys_are_taken_as_before_where_the_text_has_its_own() -> None:
    """A number beside a text is metadata in JSON rows; a table's column of that name is an identifier."""
    guess = found_in({"text": "Hi", "index": 3, "title": "x", "labels": ["Refund"], "split": "test"}).guess
    assert (guess.text, guess.id, guess.labels, guess.split) == ("text", None, "labels", "split")


def test_other_keys_are_guessed_as_for_tables() -> None:
    columns = found_in(
        {"nr": 1, "kommentar": "Wo bleibt es?", "x": "Delivery"}, {"kommentar": "Geld!", "x": ""}
    )
    assert (columns.guess.text, columns.guess.label, columns.hidden) == ("kommentar", "x", {"x"})


def test_a_separator_is_guessed_from_the_names_of_classes() -> None:
    rows = [{"text": "Hi", "topics": "Refund;Delivery"}, {"text": "Ho", "topics": "Delivery"}]
    assert (found_in(*rows).guess.label, found_in(*rows).guess.separator) == ("topics", ";")


def test_fields_of_metadata_that_tell_the_answer_are_hidden_by_default() -> None:
    columns = found_in({"text": "Hi", "metadata": {"intent": "a", "channel": "mail", "x": "refund"}})
    assert columns.hidden == {"metadata.intent", "metadata.x"}


def test_rows_that_cannot_be_read_are_passed_over() -> None:
    raw = b'nonsense\n{"text": "Hi"}\n[1]\n{"text": "Ho", "metadata": 3}\n{"text": "cut o'
    columns = json_columns(raw)
    assert columns is not None
    assert columns.rows == (("Hi",),)
    assert json_columns(b"[1, 2]", is_list=True) is None
    assert json_columns(b'["One", {"text": "Two", "n', is_list=True).rows == (("One",),)  # type: ignore[union-attr]
    assert json_columns(gzip.compress(b'{"body": "Hi"}\n')).names == ("body",)  # type: ignore[union-attr]
