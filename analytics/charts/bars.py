"""Bar charts: how much of each, at a glance. Horizontal, plain or stacked, with intervals, for SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analytics.charts.scales import Tick, nice
from analytics.metrics.measures import Measure

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 640, 200, 28, 4, 32
ROW, THICKNESS = 26, 14
TICKS = 5


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a bar.

    color : of a label class, "#0072b2"; empty: the one accent
    is_light : drawn light with an outline, so that a second part can be told from the first in print
    """

    value: float  # never negative
    name: str = ""
    color: str = ""
    is_light: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of the chart: parts one after the other, and a measure shown as a dot with its interval."""

    name: str
    parts: tuple[Part, ...] = ()
    mark: Measure | None = None


@dataclass(frozen=True, slots=True)
class PlacedPart:
    """Where a part lies."""

    part: Part
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Whisker:
    """Where a measure and its interval lie."""

    x: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PlacedBar:
    """Where a bar lies."""

    name: str
    y: float
    middle: float
    placed_parts: tuple[PlacedPart, ...]
    whisker: Whisker | None


@dataclass(frozen=True)
class BarChart:
    """Bars in a box of WIDTH by height."""

    rows: list[PlacedBar]
    ticks: list[Tick]
    is_share: bool  # numbers are shown as percentages
    reference: float | None  # place of a line across all bars
    height: int
    bottom: int  # of the bars, above the axis
    width: int = WIDTH
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    thickness: int = THICKNESS


def bar_chart(
    bars: Sequence[Bar], *, is_share: bool = False, highest: float = 0.0, reference: float | None = None
) -> BarChart:
    """Lay out bars below each other.

    is_share : values are shares, 0 to 1, and are written as percentages
    highest : the axis reaches at least there; 0 lets the bars decide
    reference : a value that all bars are held against

    >>> chart = bar_chart([Bar("a", (Part(3), Part(1))), Bar("b", (Part(2),))])
    >>> [stretch.width for row in chart.rows for stretch in row.placed_parts], chart.ticks[-1].number
    ([309.0, 103.0, 206.0], 4)
    """
    most = max([highest, reference or 0.0, *(_reach(bar) for bar in bars)])
    step = nice((most or 1.0) / TICKS)
    step = step if is_share else max(1, step)
    last = -(-most // step) or 1  # the first number on the axis that nothing passes
    top = min(1.0, last * step) if is_share else last * step

    def x(value: float) -> float:
        return round(LEFT + min(value, top) / top * (WIDTH - LEFT - RIGHT), 1)

    rows = [_row(bar, TOP + index * ROW, x) for index, bar in enumerate(bars)]
    bottom = TOP + ROW * len(bars)
    numbers = [round(n * step, 6) for n in range(int(last) + 1) if n * step <= top + 1e-9]
    return BarChart(
        rows,
        [Tick(x(number), number) for number in numbers],
        is_share,
        None if reference is None else x(reference),
        bottom + BOTTOM,
        bottom,
    )


def _reach(bar: Bar) -> float:
    ends = [sum(part.value for part in bar.parts)]
    if bar.mark is not None and bar.mark.value is not None:
        ends.append(bar.mark.interval.high if bar.mark.interval else bar.mark.value)
    return max(ends)


def _row(bar: Bar, y: float, x: Callable[[float], float]) -> PlacedBar:
    placed_parts = []
    start = 0.0
    for part in bar.parts:
        if part.value:
            placed_parts.append(PlacedPart(part, x(start), round(x(start + part.value) - x(start), 1)))
        start += part.value
    return PlacedBar(
        bar.name, y + (ROW - THICKNESS) / 2, y + ROW / 2, tuple(placed_parts), _whisker(bar.mark, x)
    )


def _whisker(mark: Measure | None, x: Callable[[float], float]) -> Whisker | None:
    if mark is None or mark.value is None:
        return None
    interval = mark.interval
    low, high = (interval.low, interval.high) if interval else (mark.value, mark.value)
    return Whisker(x(mark.value), x(low), x(high))
