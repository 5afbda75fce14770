"""Tagging schemes of named entities: IOB1, IOB2, BIOES, BILOU and bare class names, as spans and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from labeling.formats.records import Span

OUTSIDE = "O"
_PREFIXED = re.compile(r"([BIESLUMW])-(.+)", re.DOTALL)
_NOTHING = frozenset({OUTSIDE, "_", ""})
_BEGINS = frozenset("BSUW")  # S, U and W stand for an entity of one token
_ENDS = frozenset("ELSUW")


def has_prefixes(tags: Iterable[str]) -> bool:
    """Whether the tags of a file are prefixed, such as B-ORG; else each is the name of a class.

    A single tag does not tell: E-MAIL may be a class, or the end of an entity.

    >>> has_prefixes(["O", "I-ORG", "E-MAIL"]), has_prefixes(["O", "ORG", "E-MAIL"])
    (True, False)
    >>> has_prefixes(["O", "E-MAIL"])
    False
    """
    letters = set()
    for tag in tags:
        if tag in _NOTHING:
            continue
        match = _PREFIXED.fullmatch(tag)
        if match is None:
            return False
        letters.add(match[1])
    return not letters or bool(letters & {"B", "I", "S", "U"})


def entities(
    tags: Sequence[str], offsets: Sequence[tuple[int, int]], *, prefixed: bool = True
) -> tuple[Span, ...]:
    """The spans that tags stand for, in whichever scheme.

    offsets : start and end of each token
    prefixed : of the whole file, see `has_prefixes`
    An entity that begins with I, as all do in IOB1, and one that never ends are taken as they are.

    >>> tags, offsets = ["I-ORG", "I-ORG", "B-ORG", "O", "U-PER"], [(0, 2), (3, 5), (6, 8), (9, 11), (12, 14)]
    >>> [(span.start, span.end, span.label) for span in entities(tags, offsets)]
    [(0, 5, 'ORG'), (6, 8, 'ORG'), (12, 14, 'PER')]
    """
    spans: list[Span] = []
    is_open = False
    for tag, (start, end) in zip(tags, offsets, strict=False):
        match = _PREFIXED.fullmatch(tag) if prefixed else None
        if tag in _NOTHING or (prefixed and match is None):
            is_open = False
            continue
        prefix, label = (match[1], match[2]) if match else ("I", tag)
        if is_open and prefix not in _BEGINS and spans[-1].label == label:
            spans[-1] = Span(spans[-1].start, end, label)
        else:
            spans.append(Span(start, end, label))
        is_open = prefix not in _ENDS
    return tuple(spans)


def iob2_tags(spans: Sequence[Span], offsets: Sequence[tuple[int, int]]) -> Iterator[str]:
    """The tag of each token in IOB2, which needs no knowledge of its neighbors.

    spans : in order, without overlap, each from the start of a token to the end of one

    >>> list(iob2_tags([Span(0, 5, "ORG")], [(0, 2), (3, 5), (6, 8)]))
    ['B-ORG', 'I-ORG', 'O']
    """
    remaining = iter(spans)
    span = next(remaining, None)
    for start, _ in offsets:
        while span is not None and span.end <= start:
            span = next(remaining, None)
        if span is None or start < span.start:
            yield OUTSIDE
        else:
            yield f"{'B' if start == span.start else 'I'}-{span.label}"
