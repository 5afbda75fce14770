"""Class needs in words: why a class gets its share of the queue, with the numbers that a report measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.explanations.selection_reason import NeedReason
from labeling.formatting import decimal, number


def describe_need(evidence: Mapping[str, Any], is_by_hand: bool) -> NeedReason:
    """What an entry of the queue remembers of a need: that it is by hand, or the weaker measure.

    evidence : of `ClassNeed`

    >>> describe_need({"recall": [0.5, 0.4, 0.6], "precision": [0.9, 0.8, 0.95], "support": 61}, False)
    NeedReason(is_by_hand=False, measure='recall', interval=(0.5, 0.4, 0.6), support=61)
    """
    if is_by_hand:
        return NeedReason(is_by_hand=True)
    recall, precision = evidence.get("recall"), evidence.get("precision")
    if recall and precision and precision[0] < recall[0]:
        return NeedReason(False, "precision", tuple(precision), evidence.get("predicted", 0))
    return NeedReason(False, "recall", tuple(recall) if recall else None, evidence.get("support", 0))


def need_sentence(name: str, percent: str, need: NeedReason) -> str:
    """Name, share and why.

    percent : the share as it is shown

    >>> need_sentence("Refund", "18%", NeedReason(measure="recall", interval=(0.52, 0.41, 0.63), support=61))
    'Refund gets 18% of the queue: recall 0.52 [0.41, 0.63] on 61 test documents.'
    >>> need_sentence("Refund", "18%", NeedReason(is_by_hand=True))
    'Refund gets 18% of the queue: set by a manager.'
    """
    if need.is_by_hand:
        return _("{name} gets {p} of the queue: set by a manager.").format(name=name, p=percent)
    count = need.support
    if need.interval is None:
        return _("{name} gets {p} of the queue: not enough test documents to measure it yet.").format(
            name=name, p=percent
        )
    if need.measure == "precision":
        sentence = ngettext(
            "{name} gets {p} of the queue: precision {numbers} on {n} test document predicted as {name}.",
            "{name} gets {p} of the queue: precision {numbers} on {n} test documents predicted as {name}.",
            count,
        )
    else:
        sentence = ngettext(
            "{name} gets {p} of the queue: recall {numbers} on {n} test document.",
            "{name} gets {p} of the queue: recall {numbers} on {n} test documents.",
            count,
        )
    shown = number(count)
    return sentence.format(name=name, p=percent, numbers=with_ends(need.interval), n=shown)


def with_ends(numbers: Sequence[float]) -> str:
    """A value and the ends of its interval.

    >>> with_ends([0.52, 0.41, 0.63])
    '0.52 [0.41, 0.63]'
    """
    value, low, high = (decimal(number, 2) for number in numbers)
    return _("{value} [{low}, {high}]").format(value=value, low=low, high=high)
