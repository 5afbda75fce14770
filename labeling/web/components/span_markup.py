"""Span markup: a text with its spans where nothing can be dragged. In pieces, each with its marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from labeling.annotations.models import Label
from labeling.guidelines.models import LabelClass

DEEPEST = 4  # heights of lines; what lies deeper shares the lowest
Place = tuple[int, int]  # start and end of a span, code points


@dataclass(frozen=True)
class Mark:
    """What a piece of the text shows of one span."""

    label_class: LabelClass
    level: int  # height of its line, 0 nearest to the words
    is_first: bool  # the span begins here
    is_last: bool  # it ends here, and is named


@dataclass(frozen=True)
class TextSegment:
    """A piece of the text over which the same spans lie, the lowest line first."""

    text: str
    marks: tuple[Mark, ...]


def text_segments(text: str, labels: Iterable[Label]) -> list[TextSegment]:
    """The whole text, cut at every start and end of a span. Labels without a span are left out."""
    spans = [(v.start, min(v.end, len(text)), v.label_class) for v in labels if v.start is not None and v.end]
    heights = levels([(start, end) for start, end, _class in spans])
    order = sorted(zip(spans, heights, strict=True), key=lambda pair: -pair[1])
    cuts = sorted(
        {0, len(text), *(min(offset, len(text)) for start, end, _c in spans for offset in (start, end))}
    )
    return [
        TextSegment(
            text[left:right],
            tuple(
                Mark(label_class, min(level, DEEPEST), start == left, end == right)
                for (start, end, label_class), level in order
                if start <= left and right <= end
            ),
        )
        for left, right in pairwise(cuts)
    ]


def levels(spans: Sequence[Place]) -> list[int]:
    """The height of each span's line: the lowest number that no shorter one beneath it has.

    >>> levels([(0, 9), (0, 4), (5, 9), (12, 15)])
    [1, 0, 0, 0]
    """
    depths = [0] * len(spans)
    done: list[int] = []
    for number in sorted(range(len(spans)), key=lambda number: spans[number][1] - spans[number][0]):
        start, end = spans[number]
        taken = {depths[other] for other in done if spans[other][0] < end and start < spans[other][1]}
        depths[number] = next(level for level in range(len(spans)) if level not in taken)
        done.append(number)
    return depths
