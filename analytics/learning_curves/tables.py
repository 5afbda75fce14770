"""Learning-curve table: every point as it was measured, and what is expected, for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analytics.edge.tables import ReportTable, Table
from analytics.learning_curves.report import (
    CurvesReport,
    curves_report,
    expected,
)
from analytics.learning_curves.wording import name_of
from labeling.projects.models import Membership


def read_table(member: Membership, query: Mapping[str, str]) -> Table:
    """Every point as it was measured then, and what is expected."""
    header = ["metric", "kind", "model", "labels", "value", "low", "high"]
    return Table("curves", header, _points(curves_report(member.project)))


def _points(report: CurvesReport) -> Iterator[list[object]]:
    for curve in [*report.overall, *report.classes]:
        name = f"F1 {name_of(curve)}" if curve.label_class else curve.key
        for point in curve.points:
            interval = point.measure.interval
            numbers = (point.measure.value, *((interval.low, interval.high) if interval else (None, None)))
            yield [name, "measured", point.model, point.labels, *(_rounded(number) for number in numbers)]
        for labels, band in expected(curve):
            yield [name, "expected", "", round(labels), *(_rounded(number) for number in band)]


def _rounded(number: float | None) -> object:
    return "" if number is None else round(number, 4)


TABLE = ReportTable(read_table)
