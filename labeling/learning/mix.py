"""What is the head of the queue mixed from? Strategies, shares, and what each entry tells of itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from labeling.learning.arrays import Doubles


class Strategy(StrEnum):
    """How the head is chosen. All but `DEFAULT` are there for comparison and for special pools."""

    DEFAULT = "default"  # random share, weak-class quota, margin spread by k-means
    MARGIN = "margin"  # the smallest margins, nothing else
    DISAGREEMENT = "disagreement"  # the committee's vote entropy, nothing else
    RANDOM = "random"  # uniform
    HERDING = "herding"  # uncertain and covering; for fifty classes and more


class Share(StrEnum):
    """Which part of the mix put an entry into the head."""

    FOCUS = "focus"
    WEAK_CLASS = "weak_class"
    MARGIN = "margin"
    DISAGREEMENT = "disagreement"
    HERDING = "herding"
    RANDOM = "random"
    COLD_START = "cold_start"


@dataclass(frozen=True)
class HeadEntry:
    """One place in the head, with the numbers that put it there.

    classes, probabilities : the two most probable classes and theirs; empty without a model
    label_class : the class a focus or weak-class share asked for
    cluster_size : candidates that this document stands for
    propensity : chance with which the random share drew it; only such entries may estimate quality
    """

    position: int
    share: Share
    informativeness: float = 0.0
    classes: tuple[int, ...] = ()
    probabilities: tuple[float, ...] = ()
    label_class: int | None = None
    cluster_size: int | None = None
    propensity: float | None = None


@dataclass(frozen=True)
class Wishes:
    """What analytics and managers ask of the head.

    weakness : (n_classes,) from `quality.weak_class_weights`; None for an even quota
    focus : class number to the share of the head it shall have, in (0, 1]
    random_share : of the head, in [0, 1]; None for 10 %, or 5 % above thirty classes
    """

    weakness: Doubles | None = None
    focus: Mapping[int, float] = field(default_factory=dict)
    random_share: float | None = None


def interleave(groups: Sequence[Sequence[HeadEntry]]) -> list[HeadEntry]:
    """The groups' entries in turns, in proportion to their sizes, each group's own order kept.

    >>> a, b = HeadEntry(1, Share.MARGIN), HeadEntry(2, Share.MARGIN)
    >>> [entry.position for entry in interleave([[a, b], [HeadEntry(9, Share.RANDOM)]])]
    [1, 9, 2]
    """
    turns = [
        ((place + 0.5) / len(group), number, entry)
        for number, group in enumerate(groups)
        for place, entry in enumerate(group)
    ]
    return [entry for _, _, entry in sorted(turns, key=lambda turn: turn[:2])]
