"""Offsets of other tools as code points: UTF-16 code units, bytes of UTF-8 and tokens."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from labeling.formats.records import RowProblem, gettext_noop


class OffsetConverter:
    r"""Offsets of one text in another unit, both ways, exactly.

    unit : "utf-16" (code units; Azure, JavaScript, Java) or "utf-8" (bytes)
    An offset inside a character raises RowProblem: rounding would shift a label without a word.

    >>> converter = OffsetConverter("a\U0001f600b", "utf-16")
    >>> converter.to_code_points(3), converter.from_code_points(2)
    (2, 3)
    """

    def __init__(self, text: str, unit: str) -> None:
        self._starts: Sequence[int] = range(len(text) + 1)
        if unit == "utf-8" and not text.isascii():
            self._starts = [0, *accumulate(len(c.encode("utf-8", "surrogatepass")) for c in text)]
        elif unit == "utf-16" and text and max(text) > "\uffff":
            self._starts = [0, *accumulate(2 if c > "\uffff" else 1 for c in text)]

    def to_code_points(self, offset: int) -> int:
        """The code point that begins at this offset. Raises RowProblem."""
        index = bisect_left(self._starts, offset)
        if index == len(self._starts) or self._starts[index] != offset:
            raise RowProblem(
                gettext_noop("The offset %(offset)d is outside the text or inside a character."),
                offset=offset,
            )
        return index

    def from_code_points(self, offset: int) -> int:
        """The offset at which this code point begins."""
        return self._starts[offset]


def code_points_by_words(text: str, spans: Sequence[tuple[int, int, object]]) -> list[tuple[int, int]]:
    r"""Start and end of spans in code points, for tools whose versions count in different units.

    spans : (start, end, words) with the words that the span repeats, or None
    They count in code points, unless more of the words match where they count in UTF-16 code units. Raises
    RowProblem for an offset inside a character.

    >>> code_points_by_words("\U0001f600 Ann", [(3, 6, "Ann")])
    [(2, 5)]
    """
    offsets = [(start, end) for start, end, _ in spans]
    if not text or max(text) <= "\uffff":
        return offsets
    converter = OffsetConverter(text, "utf-16")
    converted = [_converted(converter, start, end) for start, end in offsets]

    def matches(pairs: Sequence[tuple[int, int] | None]) -> int:
        return sum(
            pair is not None and 0 <= pair[0] < pair[1] and text[pair[0] : pair[1]] == words
            for pair, (_, _, words) in zip(pairs, spans, strict=True)
        )

    if matches(converted) <= matches(offsets):
        return offsets
    return [(converter.to_code_points(start), converter.to_code_points(end)) for start, end in offsets]


def _converted(converter: OffsetConverter, start: int, end: int) -> tuple[int, int] | None:
    try:
        return converter.to_code_points(start), converter.to_code_points(end)
    except RowProblem:
        return None


def token_offsets(tokens: Sequence[str], separator: str = " ") -> list[tuple[int, int]]:
    """Start and end of each token in the text that joins them, in code points.

    >>> token_offsets(["EU", "rejects"])
    [(0, 2), (3, 10)]
    """
    ends = list(accumulate((len(token) + len(separator) for token in tokens), initial=0))
    return [(start, start + len(token)) for start, token in zip(ends, tokens, strict=False)]
