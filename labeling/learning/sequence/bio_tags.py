"""BIO tags: spans as tags of tokens, and tags as spans again. Exactly, in code points.

Tokens are words or single other characters; annotators' spans may start or end inside one, so tokens are cut
there for training. White space is in no token: a span that begins or ends with it comes back without it.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from labeling.learning.text.words import EMOJI, UNSPACED, WORD_CHARACTERS

TOKEN = re.compile(rf"[{UNSPACED}{EMOJI}]|\d+|(?:(?![{UNSPACED}\d])[{WORD_CHARACTERS}])+|\S")
LONGEST_SEGMENT = 500  # tokens decoded together: bounds memory and keeps probabilities above underflow

Token = tuple[int, int]  # start and end, code points, end exclusive


class Span(NamedTuple):
    """A labeled piece of a text: code points, end exclusive."""

    start: int
    end: int
    label_class: str


@dataclass(frozen=True)
class Segment:
    """Tokens that are tagged together: a line, or a part of a very long one."""

    tokens: tuple[Token, ...]
    words: tuple[str, ...]


def tokenize(text: str, cuts: Collection[int] = ()) -> list[Token]:
    """Tokens in order; every character that is not white space is in exactly one.

    cuts : offsets at which a token must end and another begin

    >>> tokenize("5mg Aspirin®.")
    [(0, 1), (1, 3), (4, 11), (11, 12), (12, 13)]
    >>> tokenize("Parkinson", cuts=[4])
    [(0, 4), (4, 9)]
    """
    ordered = sorted(set(cuts))
    tokens: list[Token] = []
    offset = 0
    for match in TOKEN.finditer(text):
        start, end = match.span()
        while offset < len(ordered) and ordered[offset] <= start:
            offset += 1
        while offset < len(ordered) and ordered[offset] < end:
            tokens.append((start, ordered[offset]))
            start = ordered[offset]
            offset += 1
        tokens.append((start, end))
    return tokens


def cuts_of(spans: Iterable[Span]) -> set[int]:
    """The offsets at which spans begin and end."""
    return {offset for span in spans for offset in (span.start, span.end)}


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, of overlapping ones the longer: tags cannot say two things of one token.

    >>> without_overlaps([Span(0, 4, "A"), Span(2, 9, "B"), Span(9, 10, "A")])
    [Span(start=2, end=9, label_class='B'), Span(start=9, end=10, label_class='A')]
    """
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start - span.end, span)):
        if span.end > span.start and all(span.end <= k.start or k.end <= span.start for k in kept):
            kept.append(span)
    return sorted(kept)


def tags_of(tokens: Sequence[Token], spans: Iterable[Span]) -> list[str]:
    """One tag per token: B-class, I-class or O. Tokens must be cut at the spans' ends.

    >>> tags_of([(0, 3), (4, 8), (9, 11)], [Span(4, 11, "Drug")])
    ['O', 'B-Drug', 'I-Drug']
    """
    tags = ["O"] * len(tokens)
    waiting = iter(without_overlaps(spans))
    span = next(waiting, None)
    for number, (start, end) in enumerate(tokens):
        while span is not None and span.end <= start:
            span = next(waiting, None)
        if span is not None and span.start <= start and end <= span.end:
            is_first = number == 0 or tokens[number - 1][0] < span.start
            tags[number] = f"{'B' if is_first else 'I'}-{span.label_class}"
    return tags


def spans_of(tokens: Sequence[Token], tags: Sequence[str]) -> list[tuple[Span, int, int]]:
    """Spans that tags stand for, each with its first token and the one behind its last.

    An I that continues nothing begins a span, as a model may tag it.

    >>> spans_of([(0, 3), (4, 8), (9, 11)], ["I-X", "I-X", "B-X"])
    [(Span(start=0, end=8, label_class='X'), 0, 2), (Span(start=9, end=11, label_class='X'), 2, 3)]
    """
    spans: list[tuple[Span, int, int]] = []
    first = 0
    for number in range(1, len(tags) + 1):
        continues = number < len(tags) and tags[number][:1] == "I" and tags[number][2:] == tags[first][2:]
        if tags[first] != "O" and not continues:
            span = Span(tokens[first][0], tokens[number - 1][1], tags[first][2:])
            spans.append((span, first, number))
        if not (tags[first] != "O" and continues):
            first = number
    return spans


def segments(text: str, tokens: Sequence[Token], spans: Iterable[Span] = ()) -> list[Segment]:
    """Cut the tokens at line ends and after `LONGEST_SEGMENT`, but never inside a span.

    >>> [segment.words for segment in segments("a b\\nc", tokenize("a b\\nc"))]
    [('a', 'b'), ('c',)]
    """
    inside = {offset for span in spans for offset in range(span.start + 1, span.end)}
    parts: list[Segment] = []
    begin = 0
    for number in range(1, len(tokens) + 1):
        is_end = number == len(tokens)
        if not is_end:
            gap = text[tokens[number - 1][1] : tokens[number][0]]
            is_long = number - begin >= LONGEST_SEGMENT
            is_end = ("\n" in gap or is_long) and tokens[number][0] not in inside
        if is_end:
            part = tuple(tokens[begin:number])
            parts.append(Segment(part, tuple(text[start:end] for start, end in part)))
            begin = number
    return parts
