"""What changed between two versions: the fewest changes, and never more work or page than a limit."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from benchmarks._hostile_texts import pairs
from labeling.formats.markup import differences
from labeling.formats.markup.differences import DiffLine, DiffPiece, compare
from labeling.formats.markup.subsequences import blocks

LETTERS = st.text("abc", max_size=12)


def longest(old: str, new: str) -> int:
    """Length of the longest common subsequence, by the textbook's table."""
    row = [0] * (len(new) + 1)
    for a in old:
        before = row[:]
        for k, b in enumerate(new):
            row[k + 1] = before[k] + 1 if a == b else max(before[k + 1], row[k])
    return row[-1]


def side(lines: list[DiffLine], kind: str) -> list[str]:
    """One text as a comparison of short texts shows it."""
    return ["".join(p.text for p in line.pieces) for line in lines if line.kind in ("same", kind)]


@given(LETTERS, LETTERS)
def test_blocks_share_as_much_as_can_be_shared(old: str, new: str):
    rows = blocks(old, new)
    assert sum(j - i for same, i, j, _, _ in rows if same) == longest(old, new)
    assert all(old[i:j] == new[k:m] for same, i, j, k, m in rows if same)
    assert "".join(old[i:j] for _, i, j, _, _ in rows) == old
    assert "".join(new[k:m] for *_, k, m in rows) == new
    assert all(first.is_same != other.is_same for first, other in pairwise(rows))


@given(st.lists(st.text("ab ", max_size=4), max_size=5), st.lists(st.text("ab ", max_size=4), max_size=5))
def test_both_texts_can_be_read_from_a_comparison(old: list[str], new: list[str]):
    before, after = "\n".join(old), "\n".join(new)
    lines = compare(before, after)
    if lines and not any(line.kind == "gap" for line in lines):
        assert side(lines, "dropped") == before.splitlines()
        assert side(lines, "added") == after.splitlines()


def test_words_that_differ_are_marked():
    dropped, added = compare("Label what they say", "Label what they really want")
    assert dropped.pieces[-1] == DiffPiece("say", True)
    assert [piece.text for piece in added.pieces if piece.is_changed] == ["really want"]


def test_what_stands_around_a_change_at_the_start_is_shown():
    lines = compare("same\n" * 9, "new\n" + "same\n" * 9)
    assert [line.kind for line in lines] == ["added", "same", "same", "gap"]


def test_a_long_run_of_one_kind_is_one_piece():
    """Each line of a page costs; 50,000 dropped lines took three seconds of the web server."""
    dropped, added = compare("x\n" * 50_000, "y\n" * 50_000)
    assert (dropped.kind, added.kind) == ("dropped", "added")
    assert dropped.pieces[0].text.count("x") == 50_000


def test_no_pair_of_texts_makes_a_long_page():
    """I1: lines and marked words, which the page pays for, stay below their limits."""
    for before, after in pairs():
        lines = compare(before, after)
        assert len(lines) <= 2 * differences.MAX_LINES
        assert (
            sum(len(line.pieces) for line in lines) <= 2 * differences.MAX_LINES + differences.MAX_TOTAL_WORDS
        )
