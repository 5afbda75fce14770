"""Steering tables: the classes, or what the head holds, for spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.edge.csv import measure_cells, measure_columns
from analytics.edge.tables import ReportTable, Table
from analytics.steering import report as steering
from labeling.projects.models import Membership


def read_table(member: Membership, query: Mapping[str, str]) -> Table:
    """The classes; ?table=head: what the head holds."""
    report = steering.steering(member.project)
    if query.get("table") == "head":
        parts = [[row.share, row.entries, round(row.part, 4)] for row in report.shares]
        return Table("head", ["share", "documents", "fraction"], parts)
    header = ["class", "mode", "target_share", "current_share", "documents", *measure_columns("f1"), "reason"]
    rows = [
        [
            row.label_class.name,
            row.mode,
            "" if row.target_share is None else row.target_share,
            round(row.part, 4),
            row.entries,
            *measure_cells(row.f1),
            row.why,
        ]
        for row in report.rows
    ]
    return Table("steering", header, rows)


TABLE = ReportTable(read_table)
