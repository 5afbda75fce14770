"""Highlights: where in a text the words stand that decided. In pieces; of a long text what is around them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labeling.learning.text.words import WORD
from labeling.web.components.span_markup import Mark, TextSegment

MAX_SHOWN = 600  # characters of a text that is not asked for in full
BEFORE = 120  # characters before what matters, where the beginning is left out


@dataclass(frozen=True)
class AttributedText:
    """A part of the text; `pull` is "towards" or "against" for a word that decided, else empty."""

    text: str
    pull: str = ""
    nats: float = 0.0


def pieces(text: str, towards: Mapping[str, float], against: Mapping[str, float]) -> list[AttributedText]:
    """The whole text, cut at the words that pull to either class.

    towards, against : nats by word, in the normal form of `labeling.learning.text.words`

    >>> [(one.text, one.pull) for one in pieces("My Parcel is late", {"parcel": 1.5}, {"late": 0.4})]
    [('My ', ''), ('Parcel', 'towards'), (' is ', ''), ('late', 'against')]
    """
    parts, last = [], 0
    for match in WORD.finditer(text) if towards or against else ():
        word = unicodedata.normalize("NFKC", match[0]).casefold()
        pull = "towards" if word in towards else "against" if word in against else ""
        if pull:
            if match.start() > last:
                parts.append(AttributedText(text[last : match.start()]))
            parts.append(AttributedText(match[0], pull, (towards if pull == "towards" else against)[word]))
            last = match.end()
    return [*parts, AttributedText(text[last:])] if last < len(text) or not parts else parts


@dataclass(frozen=True)
class AttributedSegment:
    """A part of a text over which the same spans lie, cut at the words that pull."""

    marks: tuple[Mark, ...]
    pieces: list[AttributedText]


def marked(
    whole: Sequence[TextSegment], pulling: Sequence[tuple[int, int, str, float]] = ()
) -> list[AttributedSegment]:
    """A text with its spans, and the words in it that pull.

    pulling : start and end in the text, "towards" or "against", and nats; apart from each other

    >>> segments = marked([TextSegment("by Ann", ())], [(3, 6, "towards", 1.5)])
    >>> [(part.text, part.pull) for part in segments[0].pieces]
    [('by ', ''), ('Ann', 'towards')]
    """
    parts, start = [], 0
    for stretch in whole:
        end, last, pieces = start + len(stretch.text), start, []
        for left, right, pull, nats in sorted(pulling):
            left, right = max(left, start), min(right, end)
            if left < right:
                if last < left:
                    pieces.append(AttributedText(stretch.text[last - start : left - start]))
                pieces.append(AttributedText(stretch.text[left - start : right - start], pull, nats))
                last = right
        if last < end:
            pieces.append(AttributedText(stretch.text[last - start :]))
        parts.append(AttributedSegment(stretch.marks, pieces))
        start = end
    return parts


def shortened(whole: list[AttributedText], limit: int = MAX_SHOWN) -> list[AttributedText]:
    """About `limit` characters around the strongest word; … stands where something is left out.

    >>> parts = [AttributedText("so " * 400), AttributedText("parcel", "towards", 1.5)]
    >>> [part.text for part in shortened(parts, 30)]
    ['… so so so so so so so ', 'parcel']
    """
    lengths = [len(piece.text) for piece in whole]
    if sum(lengths) <= limit:
        return whole
    strongest = max(range(len(whole)), key=lambda number: whole[number].nats)
    start, end = window(sum(lengths), sum(lengths[:strongest]), limit)
    kept, position = [], 0
    for piece, length in zip(whole, lengths, strict=True):
        left, right = max(start - position, 0), min(end - position, length)
        position += length
        if left >= right:
            continue
        text = piece.text[left:right]
        if left and not piece.pull:
            text = f"… {text.partition(' ')[2] or text}"
        if right < length and not piece.pull:
            text = f"{text.rpartition(' ')[0] or text} …"
        kept.append(AttributedText(text, piece.pull, piece.nats))
    return kept


def window(length: int, position: int, limit: int) -> tuple[int, int]:
    """Start and end of `limit` characters of a text in which `position` stands, with something before it.

    >>> window(1000, 20, 100), window(1000, 500, 100), window(1000, 990, 100)
    ((0, 100), (450, 550), (900, 1000))
    """
    start = 0 if position < limit - BEFORE else position - min(BEFORE, limit // 2)
    start = max(0, min(start, length - limit))
    return start, min(length, start + limit)
