"""Forecast chart: where a measured learning curve and what it may become go in a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from analytics.charts.curves import BOTTOM, HEIGHT, LEFT, RIGHT, TICKS, TOP, WIDTH, Band, Box
from analytics.charts.scales import Tick, nice

Place = tuple[float, float]
Placed = tuple[float, Band]  # labels; value, low, high


@dataclass(frozen=True)
class Forecasted(Box):
    """One curve in a box of WIDTH by HEIGHT: points with their intervals, then dashes in a band."""

    dots: list[tuple[float, float, float, float]]  # x, y, and the ends of the interval
    line: str  # of the measured part
    ahead: str  # of the expected part; "" where nothing can be said
    band: str
    goal: Tick | None  # the target's height


def forecast_chart(measured: Sequence[Placed], ahead: Sequence[Placed], target: float) -> Forecasted:
    """Lay out quality over labels; both axes begin at a round number.

    measured : (n,) rising labels, each with value, low and high in [0, 1]; at least one
    ahead : the same, expected; may be empty

    >>> chart = forecast_chart([(10, (.5, .4, .6)), (20, (.7, .6, .8))], [(40, (.8, .7, .9))], .8)
    >>> chart.line, chart.ahead, chart.goal.position
    ('195.0,207.2 334.0,109.6', '612.0,60.8', 60.8)
    """
    every = [*measured, *ahead]
    lowest = min(low for _, (_, low, _) in every)
    highest = max(target, *(high for _, (_, _, high) in every))
    bottom, top = floor(10 * lowest) / 10, min(1.0, ceil(10 * highest - 1e-9) / 10)
    longest = max(labels for labels, _ in every) or 1.0
    x_step, y_step = max(1, nice(longest / TICKS)), nice((top - bottom) / TICKS)

    def x(labels: float) -> float:
        return round(LEFT + labels / longest * (WIDTH - LEFT - RIGHT), 1)

    def y(quality: float) -> float:
        return round(TOP + (top - quality) / (top - bottom) * (HEIGHT - TOP - BOTTOM), 1)

    def path(points: Sequence[Place]) -> str:
        return " ".join(f"{x(labels)},{y(quality)}" for labels, quality in points)

    upper = [(labels, high) for labels, (_, _, high) in ahead]
    lower = [(labels, low) for labels, (_, low, _) in ahead]
    return Forecasted(
        dots=[(x(labels), y(value), y(low), y(high)) for labels, (value, low, high) in measured],
        line=path([(labels, value) for labels, (value, _, _) in measured]),
        ahead=path([(labels, value) for labels, (value, _, _) in ahead]),
        band=path([*upper, *reversed(lower)]),
        goal=Tick(y(target), target) if bottom <= target <= top else None,
        x_ticks=[Tick(x(n * x_step), n * x_step) for n in range(int(longest / x_step) + 1)],
        y_ticks=[
            Tick(y(number), number)
            for number in (
                round(bottom + n * y_step, 2) for n in range(int((top - bottom) / y_step + 1e-9) + 1)
            )
        ],
    )
