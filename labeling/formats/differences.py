"""What changed between two texts? Lines kept, dropped and added, with the words that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_LINES = 2_000  # of both texts; beyond it a comparison takes too long for a page: whole texts are shown
MOST_WORDS = 150  # of a line, for the same reason: the time grows with their square
AROUND = 2  # kept lines shown on either side of a change


@dataclass(frozen=True)
class Piece:
    """Part of a line; `is_changed` marks the words that the other text has not."""

    text: str
    is_changed: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a comparison. kind: same, dropped, added, or gap for lines left out."""

    kind: str
    pieces: tuple[Piece, ...] = ()


def compare(before: str, after: str) -> list[Line]:
    """The lines of both texts in reading order, unchanged stretches shortened. Empty where nothing changed.

    >>> for line in compare("one\\ntwo small\\nthree", "one\\ntwo big\\nthree"):
    ...     print(line.kind, [piece.text for piece in line.pieces if piece.is_changed])
    same []
    dropped ['small']
    added ['big']
    same []
    """
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return []
    if len(old) + len(new) > MOST_LINES:
        return [*_whole("dropped", old), *_whole("added", new)]
    lines: list[Line] = []
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        lines += (
            _shortened(old[i:j], k == 0, m == len(new)) if what == "equal" else _changed(old[i:j], new[k:m])
        )
    return lines


def _whole(kind: str, texts: list[str]) -> Iterator[Line]:
    return (Line(kind, (Piece(text),)) for text in texts)


def _shortened(texts: list[str], is_first: bool, is_last: bool) -> list[Line]:
    head, tail = (0 if is_first else AROUND), (0 if is_last else AROUND)
    if len(texts) <= head + tail + 1:
        return list(_whole("same", texts))
    after_gap = list(_whole("same", texts[len(texts) - tail :])) if tail else []
    return [*_whole("same", texts[:head]), Line("gap"), *after_gap]


def _changed(old: list[str], new: list[str]) -> list[Line]:
    """Lines that replace each other one to one are compared word by word."""
    if len(old) != len(new):
        return [*_whole("dropped", old), *_whole("added", new)]
    lines = []
    for before, after in zip(old, new, strict=True):
        left, right = _by_word(before, after)
        lines += [Line("dropped", left), Line("added", right)]
    return lines


def _by_word(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    old, new = re.findall(r"\s+|[^\s]+", before), re.findall(r"\s+|[^\s]+", after)
    if max(len(old), len(new)) > 2 * MOST_WORDS:  # words and the spaces between them
        return (Piece(before),), (Piece(after),)
    left, right = [], []
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left.append(Piece("".join(old[i:j]), what != "equal"))
        right.append(Piece("".join(new[k:m]), what != "equal"))
    return tuple(p for p in left if p.text), tuple(p for p in right if p.text)
