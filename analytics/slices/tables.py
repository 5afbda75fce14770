"""Slice tables: every bucket of every field, or the worst slices, for spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.edge.csv import measure_cells, measure_columns
from analytics.edge.tables import ReportTable, Table
from analytics.slices.report import slices
from labeling.projects.models import Membership


def read_table(member: Membership, query: Mapping[str, str]) -> Table:
    """Every bucket of every field; ?table=worst has the worst slices."""
    report = slices(member.project, requested=query.get("model"))
    if query.get("table") == "worst":
        header = [
            "slice",
            "documents",
            "wrong_documents",
            "error_rate",
            "rest_error_rate",
            "effect_size",
            "p_value",
        ]
        worst = [
            [
                weak.name,
                f.documents,
                f.wrong,
                round(f.error, 4),
                round(f.rest_error, 4),
                round(f.effect, 4),
                f.p_value,
            ]
            for weak in report.weak
            for f in (weak.weak_slice,)
        ]
        return Table("worst-slices", header, worst)
    rows = [
        [field.name, bucket.name, n, *measure_cells(accuracy)]
        for field in report.fields
        for bucket, accuracy, n in report.accuracies(field)
    ]
    header = ["field", "value", "documents", *measure_columns("accuracy")]
    return Table("slices", header, rows)


TABLE = ReportTable(read_table)
