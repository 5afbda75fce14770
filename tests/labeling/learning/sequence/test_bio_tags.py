"""Spans become tags and spans again, to the code point."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from labeling.learning.sequence.bio_tags import (
    LONGEST_SEGMENT,
    Span,
    cuts_of,
    segments,
    spans_of,
    tags_of,
    tokenize,
    without_overlaps,
)

texts = st.text(alphabet=st.sampled_from("ab1 .-\n😀é\u0301שم日ह\u093f\u200d\ud7ff"), max_size=40) | st.text(
    max_size=40
)


@st.composite
def annotated(draw):
    """A text with spans that do not overlap and do not begin or end with white space."""
    text = draw(texts)
    bounds = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = []
    for start, end in zip(bounds[::2], bounds[1::2], strict=False):
        piece = text[start:end]
        if piece and piece == piece.strip():
            spans.append(Span(start, end, draw(st.sampled_from(["Drug", "B-side", "O"]))))
    return text, spans


@given(annotated())
def test_spans_survive_tags(case):
    text, spans = case
    tokens = tokenize(text, cuts_of(spans))
    assert [span for span, _, _ in spans_of(tokens, tags_of(tokens, spans))] == spans


@given(annotated())
def test_spans_survive_tags_in_segments_too(case):
    text, spans = case
    tokens = tokenize(text, cuts_of(spans))
    rows = [
        span
        for part in segments(text, tokens, spans)
        for span, _, _ in spans_of(part.tokens, tags_of(part.tokens, spans))
    ]
    assert rows == spans


@given(texts, st.sets(st.integers(-2, 45)))
def test_every_character_that_is_no_white_space_is_in_one_token(text, cuts):
    covered = [offset for start, end in tokenize(text, cuts) for offset in range(start, end)]
    assert covered == [offset for offset, character in enumerate(text) if not character.isspace()]


def test_offsets_are_code_points():
    text = "😀 Zoë"
    assert [text[start:end] for start, end in tokenize(text)] == ["😀", "Zoë"]


@given(st.lists(st.builds(Span, st.integers(0, 9), st.integers(0, 12), st.just("X")), max_size=8))
def test_of_overlapping_spans_one_is_kept(spans):
    kept = without_overlaps(spans)
    assert all(before.end <= after.start for before, after in pairwise(kept))
    assert set(kept) <= set(spans)


def test_a_very_long_line_is_cut_but_a_span_is_not():
    text = "word " * 2_000
    spans = [Span(0, 5 * (LONGEST_SEGMENT + 3) - 1, "Long")]
    parts = segments(text, tokenize(text, cuts_of(spans)), spans)
    assert len(parts[0].tokens) == LONGEST_SEGMENT + 3
    assert max(len(part.tokens) for part in parts[1:]) == LONGEST_SEGMENT
