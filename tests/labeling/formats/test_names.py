"""Which names are one name to their readers, and which cannot be read at all?"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.fields import check_label
from labeling.formats.names import (
    NameProblem,
    account_key,
    checked_names,
    invisible_character,
    normal_name,
    skeleton,
)

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@given(TEXT)
def test_every_spelling_has_one_normal_form(name: str):
    form = normal_name(name)
    assert normal_name(form) == form
    assert normal_name(unicodedata.normalize("NFD", name)) == form
    assert normal_name(f"\u00a0{name}\u3000\t") == form


@given(TEXT)
def test_a_skeleton_depends_on_the_normal_form_alone_and_stays(name: str):
    assert skeleton(name) == skeleton(normal_name(name))
    assert skeleton(skeleton(name)) == skeleton(name)


def test_a_label_of_a_file_is_read_in_its_normal_form():
    assert check_label("Re\u0301clamation\u202ftardive\u3000") == "Réclamation tardive"


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("Refund", "R\u0435fund"),  # a Cyrillic letter
        ("Alpha", "\u0391lpha"),  # a Greek one
        ("Class 1", "Class l"),
        ("Type O", "Type 0"),
        ("corn", "com"),
        ("Mail", "\uff2dail"),  # full width
    ],
)
def test_a_new_name_that_looks_like_an_existing_one_is_refused_with_both(name: str, twin: str):
    with pytest.raises(NameProblem) as refused:
        checked_names([twin], [name])
    assert name in str(refused.value)
    assert twin in str(refused.value)
    with pytest.raises(NameProblem):
        checked_names([name, twin])


def test_what_differs_is_named_where_the_eye_does_not_see_it():
    with pytest.raises(NameProblem, match="U\\+0435 CYRILLIC SMALL LETTER IE"):
        checked_names(["R\u0435fund"], ["Refund"])


@pytest.mark.parametrize(
    "names", [["Refund", "refund"], ["CO2", "CO\u2082"], ["é", "e"], ["B-PER", "I-PER"], ["好", "不好"]]
)
def test_names_that_can_be_told_apart_stand_side_by_side(names: list[str]):
    assert checked_names(names) == names


def test_an_equal_name_is_left_to_the_caller():
    assert checked_names(["Re\u0301clamation"], ["Réclamation"]) == ["Réclamation"]


@pytest.mark.parametrize(
    "character",
    [
        *("\u200b", "\ufeff", "\u202e", "\u2066", "\u200f", "\u00ad", "\u2060", "\u3164", "\u115f", "\u2800"),
        *("\u034f", "\u200d", "\u200c", "\ufe0f", "\U000e0041", "\x07", "\0"),
    ],
)
def test_characters_that_nobody_sees_are_refused(character: str):
    name = f"Ref{character}und"
    assert invisible_character(name) == character
    with pytest.raises(NameProblem, match="invisible character"):
        checked_names([name])


@pytest.mark.parametrize(
    "name",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian is spelled with non-joiners
        "\u0915\u094d\u200d\u0937",  # so is Hindi, with joiners behind its virama
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
        "\u2764\ufe0f",  # a red heart
        "1\ufe0f\u20e3",  # a key
        "\u2764\ufe0f\u200d\U0001f525",
        "\U0001f44d\U0001f3fd",
    ],
)
def test_joiners_that_belong_to_a_spelling_may_stay(name: str):
    assert checked_names([name]) == [normal_name(name)]


@pytest.mark.parametrize("twin", ["mgr\u0410", "mgra", "MGRA.", "_mgrA", "mgr\uff21"])
def test_names_of_people_are_compared_by_look_whatever_their_case(twin: str):
    assert account_key(twin) == account_key("mgrA")
