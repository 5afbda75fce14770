"""How is a text shown with its spans, where nothing can be dragged? In pieces, each with its classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from labeling.models import Label, LabelClass


@dataclass(frozen=True)
class Stretch:
    """A piece of the text over which the same spans lie; `ending` are the classes whose span ends with it."""

    text: str
    classes: tuple[LabelClass, ...]
    ending: str


def stretches(text: str, labels: Iterable[Label]) -> list[Stretch]:
    """The whole text, cut at every start and end of a span. Labels without a span are left out."""
    spans = [(v.start, v.end, v.label_class) for v in labels if v.start is not None and v.end is not None]
    cuts = sorted(
        {0, len(text), *(min(place, len(text)) for start, end, _c in spans for place in (start, end))}
    )
    found = []
    for left, right in pairwise(cuts):
        over = [(end, label_class) for start, end, label_class in spans if start <= left and right <= end]
        ending = ", ".join(label_class.name for end, label_class in over if end == right)
        found.append(Stretch(text[left:right], tuple(label_class for _end, label_class in over), ending))
    return found
