"""Reliability diagram and precision-recall chart: where their points go in a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.charts.scales import Tick
from analytics.metrics.calibration import Bin
from analytics.metrics.intervals import interval_of_share
from analytics.metrics.measures import Interval
from analytics.metrics.thresholds import PrecisionRecallCurve

SIZE, LEFT, RIGHT, TOP, BOTTOM = 400, 52, 16, 12, 52
INSIDE = SIZE - LEFT - RIGHT  # also of the height: one step is as long to the right as upwards
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
MAX_POINTS = 200  # along each axis; more cannot be distinguished


@dataclass(frozen=True)
class ChartPoint:
    """A bin of the diagram, with the ends of its interval, and how large its dot is."""

    x: float
    y: float
    low: float
    high: float
    radius: float


@dataclass(frozen=True)
class Square:
    """A drawing whose axes both go from 0 to 1."""

    points: tuple[ChartPoint, ...] = ()
    line: str = ""  # SVG points
    mark: tuple[float, float] | None = None
    ticks: tuple[tuple[Tick, Tick], ...] = ()  # of both axes
    width: int = SIZE
    height: int = TOP + INSIDE + BOTTOM
    left: int = LEFT
    right: int = LEFT + INSIDE
    top: int = TOP
    bottom: int = TOP + INSIDE

    @property
    def middle(self) -> float:
        """Of the x axis, for its name."""
        return (self.left + self.right) / 2


def reliability_diagram(bins: Sequence[tuple[Bin, Interval]]) -> Square:
    """Share that is right over confidence: dots on the diagonal are honest, below it too sure.

    >>> at = Bin(0.9, 1.0, 50, 0.95, 0.8)
    >>> reliability_diagram([(at, share_interval(at))]).points[0].x
    367.4
    """
    largest = max((score_bin.n_documents for score_bin, _ in bins), default=1)
    points = tuple(
        ChartPoint(
            _x(score_bin.confidence),
            _y(score_bin.share_right),
            _y(interval.low),
            _y(interval.high),
            round(3 + 5 * (score_bin.n_documents / largest) ** 0.5, 1),
        )
        for score_bin, interval in bins
    )
    return Square(points, ticks=_ticks())


def share_interval(score_bin: Bin) -> Interval:
    """Where the share that is right lies, with 95% confidence.

    >>> share_interval(Bin(0.9, 1.0, 50, 0.95, 0.8)).low > 0.65
    True
    """
    return interval_of_share(round(score_bin.share_right * score_bin.n_documents), score_bin.n_documents)


def precision_recall_chart(curve: PrecisionRecallCurve, threshold: float | None) -> Square:
    """Precision over recall, in steps; the mark is where the threshold lies.

    >>> curve = PrecisionRecallCurve(np.array([.5, 1., 1.]), np.array([1., .5, 0.]), np.array([.3, .8]))
    >>> precision_recall_chart(curve, .8).mark
    (218.0, 12.0)
    """
    recall, precision = curve.recall[::-1], curve.precision[::-1]
    steps = np.round(MAX_POINTS * np.column_stack([recall, precision]))
    is_new = np.append(True, (steps[1:] != steps[:-1]).any(axis=1))
    indices = np.flatnonzero(is_new | np.append(is_new[1:], True))  # both ends of every stretch that is left
    line = " ".join(f"{_x(float(recall[at]))},{_y(float(precision[at]))}" for at in indices)
    mark = None
    if threshold is not None:
        at = int(np.searchsorted(curve.thresholds, threshold))
        mark = _x(float(curve.recall[at])), _y(float(curve.precision[at]))
    return Square(line=line, mark=mark, ticks=_ticks())


def _x(share: float) -> float:
    return round(LEFT + share * INSIDE, 1)


def _y(share: float) -> float:
    return round(TOP + (1 - share) * INSIDE, 1)


def _ticks() -> tuple[tuple[Tick, Tick], ...]:
    return tuple((Tick(_x(number), number), Tick(_y(number), number)) for number in TICKS)
