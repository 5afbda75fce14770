"""Random fallback: how much of the queue random sampling gets while active learning proves worse than it.

When the whole interval of the gain lies at or below zero, half of the queue becomes random, and at the next
such measurement all but the weak classes' share. Back it goes step by step, more slowly after each relapse,
so that the queue does not flap between a strategy that loses and the labels that show it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from labeling.learning.query_strategies.mix import Mix

HALF, NEARLY_ALL = 1, 2  # levels; 0 is the usual queue
HALF_SHARE = 0.5  # of the queue, at random
PATIENCE = 2  # measurements in a row that no longer speak against the queue, before a step back
MAX_PATIENCE = 8


@dataclass(frozen=True)
class Fallback:
    """Where the queue stands.

    level : 0 for the usual shares, `HALF` or `NEARLY_ALL`
    calm : measurements in a row, until now, that did not speak against the queue
    falls : how often the queue has left its usual shares
    """

    level: int = 0
    calm: int = 0
    falls: int = 0

    @property
    def patience(self) -> int:
        """Calm measurements that a step back takes: twice as many after each relapse."""
        return min(PATIENCE << max(self.falls - 1, 0), MAX_PATIENCE)

    def after(self, low: float, high: float) -> Fallback:
        """After one more measurement.

        low, high : interval of the gain, in macro F1, over as many random labels

        >>> Fallback().after(-0.04, -0.01)
        Fallback(level=1, calm=0, falls=1)
        >>> Fallback(1, 0, 1).after(-0.02, 0.03).after(-0.01, 0.03)
        Fallback(level=0, calm=0, falls=1)
        """
        if high <= 0:
            return Fallback(min(self.level + 1, NEARLY_ALL), 0, self.falls + (self.level == 0))
        if self.level == 0:
            return self
        if low > 0:  # clearly better again
            return replace(self, level=0, calm=0)
        if self.calm + 1 < self.patience:
            return replace(self, calm=self.calm + 1)
        return replace(self, level=self.level - 1, calm=0)


def fallen_back(mix: Mix, level: int) -> Mix:
    """The shares at a level of the fallback; a random share that is larger already stays.

    >>> fallen_back(Mix.usual(6), HALF).random, round(fallen_back(Mix.usual(6), HALF).margin, 3)
    (0.5, 0.194)
    >>> most = fallen_back(Mix.usual(6), NEARLY_ALL)
    >>> round(most.random, 2), most.weak_class, round(most.margin, 2)
    (0.65, 0.35, 0.0)
    """
    if level == 0:
        return mix
    if level == NEARLY_ALL:
        return Mix(1 - mix.weak_class, mix.weak_class, 0.0, 0.0)
    random = max(mix.random, HALF_SHARE)
    part = (1 - random) / (1 - mix.random) if mix.random < 1 else 0.0
    return Mix(random, mix.weak_class * part, mix.second_opinion * part, mix.seed_words * part)
