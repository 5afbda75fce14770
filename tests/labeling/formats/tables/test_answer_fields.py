"""Which metadata would tell annotators the answer?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.records import Json
from labeling.formats.tables.answer_fields import answer_fields

CLASSES = {"Refund", "Card late", "Réclamation"}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("x", ["Refund", "Card late"]),
        ("x", ["refund", "CARD\u00a0LATE", "other", "Refund"]),
        ("x", ["Re\u0301clamation", "Refund"]),
        ("x", ["Refund|Card late", "Refund; Card late", "Refund"]),
        ("x", [["Refund"], ["Card late", "Refund"]]),
        ("x", [{"result": [{"choices": ["Refund"]}]}]),
        ("intent", ["card_swallowed", "atm_support"]),  # no class is called so yet
        ("标签", ["退款", "投诉"]),
        ("Kategorie", [3, 4]),
    ],
)
def test_fields_that_tell_the_answer_are_found(field: str, values: list[Json]):
    rows = [{"channel": "mail", field: value} for value in values]
    assert answer_fields(rows, CLASSES) == {field}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("note", ["Refund", "late", "asked twice", "see above", None]),
        ("channel", ["mail", "chat", "mail"]),
        ("topic", ["x" * 300]),  # a text, whatever it is called
        ("stars", [1, 2, 3]),
        ("empty", ["", None]),
    ],
)
def test_other_fields_stay(field: str, values: list[Json]):
    assert answer_fields([{field: value} for value in values], CLASSES) == set()


def test_a_number_that_stands_for_the_label_is_found_and_an_identifier_is_not():
    labels = [("Refund",), ("Card late",)] * 5
    rows: list[dict[str, Json]] = [
        {"code": len(label), "nr": number, "half": number // 5, "same": "a"}
        for number, (label,) in enumerate(labels)
    ]
    assert answer_fields(rows, set(), labels) == {"code"}


@given(
    st.lists(
        st.dictionaries(st.text(max_size=3), st.none() | st.booleans() | st.integers() | st.text(max_size=5))
    )
)
def test_whatever_rows_hold_a_field_of_class_names_is_found(rows: list[dict[str, Json]]):
    fields = answer_fields([row | {"\0": "Refund"} for row in rows] or [{"\0": "Refund"}], CLASSES)
    assert "\0" in fields
