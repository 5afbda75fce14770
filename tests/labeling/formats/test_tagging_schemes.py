"""Tagging schemes: whichever a file is in, its entities are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.records import Span
from labeling.formats.tagging_schemes import entities, has_prefixes, iob2_tags

OFFSETS = [(0, 2), (3, 5), (6, 8), (9, 11), (12, 14), (15, 17)]
EXPECTED = (Span(0, 5, "ORG"), Span(6, 8, "ORG"), Span(12, 14, "E-MAIL"))


@pytest.mark.parametrize(
    "tags",
    [
        "I-ORG I-ORG B-ORG O I-E-MAIL O",
        "B-ORG I-ORG B-ORG O B-E-MAIL O",
        "B-ORG E-ORG S-ORG O S-E-MAIL O",
        "B-ORG L-ORG U-ORG O U-E-MAIL O",
    ],
    ids=["IOB1", "IOB2", "BIOES", "BILOU"],
)
def test_each_scheme_marks_the_same_entities(tags):
    assert has_prefixes(tags.split())
    assert entities(tags.split(), OFFSETS) == EXPECTED


def test_bare_class_names_mark_runs_of_tokens():
    tags = ["ORG", "ORG", "O", "E-MAIL", "PER", "PER"]
    assert not has_prefixes(tags)
    assert entities(tags, OFFSETS, prefixed=False) == (
        Span(0, 5, "ORG"),
        Span(9, 11, "E-MAIL"),
        Span(12, 17, "PER"),
    )


def test_an_entity_that_changes_its_class_halfway_is_two():
    assert entities(["B-ORG", "I-PER"], OFFSETS) == (Span(0, 2, "ORG"), Span(3, 5, "PER"))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 2), st.sampled_from(["ORG", "B-X"]))))
def test_spans_survive_iob2(pieces):
    """pieces : tokens before an entity, tokens in it, its class"""
    offsets, spans, number = [], [], 0
    for before, length, label in pieces:
        number += before
        spans.append(Span(number * 2, (number + length) * 2 - 1, label))
        number += length
    offsets = [(index * 2, index * 2 + 1) for index in range(number + 1)]
    assert entities(list(iob2_tags(spans, offsets)), offsets) == tuple(spans)
