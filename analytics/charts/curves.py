"""Learning-curve chart: where the curves go in a drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

from analytics.charts.scales import Tick, nice

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 56, 28, 12, 64
TICKS = 5

Band = tuple[float, float, float]  # value, low, high


@dataclass(frozen=True)
class CurveLine:
    """One curve with the band of its interval; both as SVG points."""

    key: str
    name: str
    points: str
    band: str


@dataclass(frozen=True, kw_only=True)
class Box:
    """Where the axes of a curve stand, and what is written on them."""

    x_ticks: list[Tick]
    y_ticks: list[Tick]
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def middle(self) -> float:
        """Of the x axis, for its name."""
        return (self.left + self.right) / 2


@dataclass(frozen=True)
class LearningCurveChart(Box):
    """Learning curves in a box of WIDTH by HEIGHT."""

    lines: list[CurveLine]
    goals: list[Tick]  # horizontal lines, with the share that they stand for


def learning_curves(
    labels: Sequence[int],
    lines: Mapping[str, Sequence[Band]],
    names: Mapping[str, str],
    goals: Mapping[float, float],
) -> LearningCurveChart:
    """Lay out quality over labels, all curves at the same numbers of them.

    labels : (n_points,) rising; lines : by key, (n_points,) of value, low and high, in [0, 1]
    goals : share of the final quality to the quality that it is

    >>> chart = learning_curves([10, 20], {"a": [(.5, .4, .6), (.9, .8, 1.)]}, {"a": "A"}, {.9: .8})
    >>> chart.lines[0].points, [tick.number for tick in chart.x_ticks]
    ('334.0,256.0 612.0,60.8', [0, 5, 10, 15, 20])
    """
    placed = {key: list(zip(labels, bands, strict=True)) for key, bands in lines.items()}
    return separate_curves(placed, names, goals)


def separate_curves(
    lines: Mapping[str, Sequence[tuple[float, Band]]], names: Mapping[str, str], goals: Mapping[float, float]
) -> LearningCurveChart:
    """The same where each curve has its own numbers of labels.

    lines : by key, rising labels, each with value, low and high

    >>> chart = separate_curves({"a": [(10, (.5, .4, .6)), (20, (.9, .8, 1.))]}, {"a": "A"}, {})
    >>> chart.lines[0].points
    '334.0,256.0 612.0,60.8'
    """
    every = [place for places in lines.values() for place in places]
    lowest = min(value for _, (value, _, _) in every)  # bands may leave the box
    bottom = floor(10 * lowest) / 10
    top = min(1.0, ceil(10 * max(high for _, (_, _, high) in every)) / 10)
    longest = max(count for count, _ in every)
    y_step = nice((top - bottom) / TICKS)
    x_step = max(1, nice(longest / TICKS))

    def x(count: float) -> float:
        return round(LEFT + count / longest * (WIDTH - LEFT - RIGHT), 1)

    def y(quality: float) -> float:
        part = (top - max(quality, bottom)) / (top - bottom)
        return round(TOP + part * (HEIGHT - TOP - BOTTOM), 1)

    def path(values: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{x(count)},{y(quality)}" for count, quality in values)

    series = []
    for key, places in lines.items():
        upper = [(count, high) for count, (_, _, high) in places]
        lower = [(count, low) for count, (_, low, _) in places]
        line = path([(count, value) for count, (value, _, _) in places])
        series.append(CurveLine(key, names[key], line, path([*upper, *reversed(lower)])))
    x_ticks = [Tick(x(n * x_step), n * x_step) for n in range(int(longest / x_step) + 1)]
    numbers = [round(bottom + n * y_step, 2) for n in range(int((top - bottom) / y_step + 1e-9) + 1)]
    drawn_goals = [Tick(y(at), share) for share, at in goals.items()]
    return LearningCurveChart(series, drawn_goals, x_ticks=x_ticks, y_ticks=[Tick(y(n), n) for n in numbers])
