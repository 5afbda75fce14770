"""Text diff: lines kept, dropped and added, with the words that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from labeling.formats.markup.subsequences import blocks

# What a page can compare and show in a tenth of a second; what goes beyond is shown whole.
MAX_LINES = 2_000  # of a text
MAX_WORDS = 300  # of a line, the spaces between them counted
MAX_TOTAL_WORDS = 6_000  # of the lines that are compared word by word
MAX_CONSECUTIVE_LINES = 50  # lines of one kind; more of them are one piece of text
AROUND = 2  # kept lines shown on either side of a change


@dataclass(frozen=True)
class DiffPiece:
    """Part of a line; `is_changed` marks the words that the other text has not."""

    text: str
    is_changed: bool = False


@dataclass(frozen=True)
class DiffLine:
    """One line of a comparison, or many of one kind: same, dropped, added, or gap for lines left out."""

    kind: str
    pieces: tuple[DiffPiece, ...] = ()


def compare(before: str, after: str) -> list[DiffLine]:
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
    if max(len(old), len(new)) > MAX_LINES:
        return [*_whole("dropped", old), *_whole("added", new)]
    lines: list[DiffLine] = []
    words = MAX_TOTAL_WORDS
    for same, i, j, k, m in blocks(old, new):
        dropped, added = old[i:j], new[k:m]
        if same:
            lines += _shortened(dropped, i == k == 0, (j, m) == (len(old), len(new)))
        elif len(dropped) == len(added) and (words := words - _count([*dropped, *added])) >= 0:
            lines += _by_line(dropped, added)
        else:
            lines += [*_whole("dropped", dropped), *_whole("added", added)]
    return lines


def _whole(kind: str, texts: list[str]) -> Iterator[DiffLine]:
    if len(texts) > MAX_CONSECUTIVE_LINES:
        texts = ["\n".join(texts)]
    return (DiffLine(kind, (DiffPiece(text),)) for text in texts)


def _shortened(texts: list[str], is_first: bool, is_last: bool) -> list[DiffLine]:
    head, tail = (0 if is_first else AROUND), (0 if is_last else AROUND)
    if len(texts) <= head + tail + 1:
        return list(_whole("same", texts))
    after_gap = list(_whole("same", texts[len(texts) - tail :])) if tail else []
    return [*_whole("same", texts[:head]), DiffLine("gap"), *after_gap]


def _by_line(old: list[str], new: list[str]) -> Iterator[DiffLine]:
    """Lines that replace each other one to one, compared word by word."""
    for before, after in zip(old, new, strict=True):
        left, right = _by_word(before, after)
        yield from (DiffLine("dropped", left), DiffLine("added", right))


def _by_word(before: str, after: str) -> tuple[tuple[DiffPiece, ...], tuple[DiffPiece, ...]]:
    old, new = _words(before), _words(after)
    if max(len(old), len(new)) > MAX_WORDS:
        return (DiffPiece(before),), (DiffPiece(after),)
    left, right = [], []
    for same, i, j, k, m in blocks(old, new):
        left.append(DiffPiece("".join(old[i:j]), not same))
        right.append(DiffPiece("".join(new[k:m]), not same))
    return tuple(p for p in left if p.text), tuple(p for p in right if p.text)


def _words(line: str) -> list[str]:
    """Words and the spaces between them; one more than a comparison takes at most."""
    return [match[0] for match in islice(re.finditer(r"\s+|\S+", line), MAX_WORDS + 1)]


def _count(lines: list[str]) -> int:
    return sum(len(_words(line)) for line in lines)
