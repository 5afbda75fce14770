"""Live savings table: the curves of the queue and of its random labels, point by point, for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analytics.edge.tables import ReportTable, Table
from analytics.savings.live import LiveReport, live_report
from labeling.projects.models import Membership


def read_table(member: Membership, query: Mapping[str, str]) -> Table:
    """Macro F1 of each arm by the number of labels."""
    header = ["arm", "labels", "macro_f1", "low", "high"]
    return Table("savings", header, _rows(live_report(member.project)))


def _rows(report: LiveReport) -> Iterator[list[object]]:
    for arm, points in report.points.items():
        for point in points:
            ends = (point.quality.value, point.quality.low, point.quality.high)
            yield [arm, point.labels, *(round(end, 4) for end in ends)]


TABLE = ReportTable(read_table, is_for_managers=True)
