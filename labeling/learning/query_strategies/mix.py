"""Query strategies: what the head of the queue is mixed from, in which shares, and what each entry tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

import numpy as np

from labeling.learning.arrays.types import AnyIntegers, Doubles, Floats, Integers

T = TypeVar("T")

MAX_NEEDS_SHARE = 0.6  # of the head, for the needs of all classes: doubt and the random share keep theirs
UNCERTAINTY_THRESHOLD = 15  # labels of a class, below which what the model doubts of it is mostly not of it
CLASS_COUNT_THRESHOLD = 30  # above it the random share is 5% and the weak classes' part a quarter
MAX_SEEDED_CLASSES = 16  # classes whose seed words are searched at once; more would share a tenth of the head


class Strategy(StrEnum):
    """How the head is chosen. All but `DEFAULT` are there for comparison and for special pools."""

    DEFAULT = "default"  # random share, weak-class quota, margin spread by k-means
    MARGIN = "margin"  # the smallest margins, nothing else
    DISAGREEMENT = "disagreement"  # the committee's vote entropy, nothing else
    RANDOM = "random"  # uniform
    HERDING = "herding"  # uncertain and covering; for fifty classes and more


class Share(StrEnum):
    """Which part of the queue an entry is of: one of the mix, one that the service adds, or none."""

    FOCUS = "focus"
    SEED_WORDS = "seed_words"
    WEAK_CLASS = "weak_class"
    MARGIN = "margin"
    DISAGREEMENT = "disagreement"
    HERDING = "herding"
    RANDOM = "random"
    COLD_START = "cold_start"
    TEST = "test"  # the rest is not of the mix: documents of the test set
    OVERLAP = "overlap"  # documents that have some of the answers that the project asks for
    SECOND_OPINION = "second_opinion"
    GOLD = "gold"
    PICKED = "picked"  # by a manager
    UNRANKED = "unranked"  # the queue had nothing better


CLASS_SHARES = frozenset({Share.FOCUS, Share.SEED_WORDS, Share.WEAK_CLASS})
"""Shares whose entries are there for one class."""


@dataclass(frozen=True)
class HeadEntry:
    """One place in the head, with the numbers that put it there.

    classes, probabilities : the two most probable classes and theirs; empty without a model
    label_class : the class that a focus, seed words or a class quota asked for
    is_rare_class : it came as one of the likeliest of a class with few labels, not for the model's doubt
    cluster_size : candidates that this document stands for
    propensity : chance with which the random share drew it; only such entries may estimate quality
    seed_words : those of the class that the document holds
    seconds : of work it is expected to take, where doubt was weighed by it
    """

    position: int
    share: Share
    informativeness: float = 0.0
    classes: tuple[int, ...] = ()
    probabilities: tuple[float, ...] = ()
    label_class: int | None = None
    is_rare_class: bool = False
    cluster_size: int | None = None
    propensity: float | None = None
    seed_words: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True)
class Mix:
    """The parts of the head, each from 0 to 1, together at most 1; doubt (`margin`) gets the rest.

    second_opinion, seed_words : at most; what they cannot fill goes to weak classes and doubt as these two
        stand to each other
    """

    random: float
    weak_class: float
    second_opinion: float
    seed_words: float

    @classmethod
    def usual(cls, n_classes: int) -> Mix:
        """The default: measured on eight data sets with 2 to 77 classes.

        >>> Mix.usual(6)
        Mix(random=0.1, weak_class=0.35, second_opinion=0.1, seed_words=0.1)
        """
        if n_classes > CLASS_COUNT_THRESHOLD:
            return cls(random=0.05, weak_class=0.1875, second_opinion=0.1, seed_words=0.1)
        return cls(random=0.1, weak_class=0.35, second_opinion=0.1, seed_words=0.1)

    @property
    def margin(self) -> float:
        """What is left for doubt.

        >>> round(Mix.usual(6).margin, 2)
        0.35
        """
        return max(0.0, 1 - self.random - self.weak_class - self.second_opinion - self.seed_words)

    @property
    def weak_part(self) -> float:
        """The weak classes' part of what these and doubt share.

        >>> Mix.usual(6).weak_part, Mix.usual(77).weak_part, Mix(1.0, 0.0, 0.0, 0.0).weak_part
        (0.5, 0.25, 0.0)
        """
        both = self.weak_class + self.margin
        return round(self.weak_class / both, 6) if both > 0 else 0.0


@dataclass(frozen=True)
class SeedWordMatches:
    """Documents that hold seed words of one class, the best match first.

    positions : (n,) places in the feature store
    scores : (n,) sum of the words' TF-IDF, above 0
    words : n tuples of the seed words that each holds
    """

    positions: Integers
    scores: Floats
    words: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class SelectionTargets:
    """What analytics and managers ask of the head.

    weakness : (n_classes,) from `quality.weak_class_weights`; None for an even quota. What needs leave of the
        weak classes' part is shared out by it; all 0, doubt gets that
    needs : class number to the share of the head that reports measured it needs, or a manager set
    target_classes : classes with so few labels that their needs are served by their likeliest documents; the
        other classes' needs by those that the model doubts
    focus : class number to the share of the head it shall have, in (0, 1]
    mix : a manager's own; None for `Mix.usual`
    seeds : class number to the documents that hold its seed words
    """

    weakness: Doubles | None = None
    needs: Mapping[int, float] = field(default_factory=dict)
    target_classes: frozenset[int] = frozenset()
    focus: Mapping[int, float] = field(default_factory=dict)
    mix: Mix | None = None
    seeds: Mapping[int, SeedWordMatches] = field(default_factory=dict)


def rare_classes(counts: AnyIntegers) -> frozenset[int]:
    """Classes whose likeliest documents are to be found first, for `SelectionTargets.target_classes`.

    Where a document has several classes this lost over the curve (GoEmotions), so nobody asks it there.

    counts : (n_classes,) labels that teach

    >>> sorted(rare_classes(np.array([3, 15, 0])))
    [0, 2]
    """
    return frozenset(np.flatnonzero(counts < UNCERTAINTY_THRESHOLD).tolist())


def interleave(groups: Sequence[Sequence[T]]) -> list[T]:
    """All groups as one list, each spread evenly over it in its own order.

    >>> interleave([["a", "b"], ["x"]])
    ['a', 'x', 'b']
    """
    turns = [
        ((index + 0.5) / len(group), number, index)
        for number, group in enumerate(groups)
        for index in range(len(group))
    ]
    return [groups[number][index] for _, number, index in sorted(turns)]


def spliced(main: Sequence[T], extra: Sequence[T], share: float) -> list[T]:
    """`extra` put into `main` from its beginning on, so that it makes up `share` of what comes first.

    Unlike `interleave`, a few documents do not get lost in a long list: they come soon.

    >>> spliced(["a", "b", "c", "d", "e"], ["x", "y"], 1 / 3)
    ['a', 'x', 'b', 'c', 'y', 'd', 'e']
    """
    joined = list(main)
    for number, entry in enumerate(extra):
        joined.insert(int((number + 0.5) / share), entry)
    return joined


def scattered(main: Sequence[T], extra: Sequence[T], share: float, seed: int) -> list[T]:
    """`extra` put into `main` as `share` of it from its beginning on, where nobody can foresee.

    Each stands at a random place of its own stretch, so that `share` holds for any first part, on average.

    >>> scattered([1, 2, 3, 4, 5, 6, 7, 8, 9], ["x", "y"], 1 / 4, seed=3)
    ['x', 1, 2, 3, 'y', 4, 5, 6, 7, 8, 9]
    """
    joined = list(main)
    within = np.random.default_rng(seed).random(len(extra))
    for number, (entry, part) in enumerate(zip(extra, within.tolist(), strict=True)):
        joined.insert(int((number + part) / share), entry)
    return joined
