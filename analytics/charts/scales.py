"""Axis ticks: which numbers stand on an axis, and where."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10


@dataclass(frozen=True)
class Tick:
    """A place on an axis and the number that is written there."""

    position: float
    number: float


def nice(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten, from below.

    >>> [nice(step) for step in (0.07, 4, 230)]
    [0.1, 5, 500]
    """
    power = 10 ** floor(log10(step))
    nice = next(n for n in (1, 2, 5, 10) if n * power >= step - 1e-9)
    return nice * power if power >= 1 else round(nice * power, 6)
