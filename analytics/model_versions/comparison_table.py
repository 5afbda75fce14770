"""Comparison table: measures and classes of two models, for spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.edge.csv import measure_cells, measure_columns
from analytics.edge.tables import ReportTable, Table
from analytics.metrics.paired import PairedDifference
from analytics.model_versions.comparison import Comparison, asked_comparison
from labeling.exceptions import NotFound
from labeling.projects.models import Membership


def read_table(member: Membership, query: Mapping[str, str]) -> Table:
    """?a= and b=: numbers of two models; by default the usual ones. Raises NotFound for others."""
    comparison = asked_comparison(query, member.project)
    if comparison is None:
        raise NotFound
    header = ["measure", "first", "second", *measure_columns("difference"), "p_value", "is_significant"]
    differences = comparison.differences
    named = {
        "accuracy": differences.accuracy,
        "macro_f1": differences.macro_f1,
        "micro_f1": differences.micro_f1,
    }
    rows = [*named.items(), *((f"f1 {row.label_class.name}", row.f1) for row in comparison.rows)]
    name = f"compare-{comparison.first.number}-{comparison.second.number}"
    return Table(
        name, [*header, "labels_added"], (_cells(title, difference, comparison) for title, difference in rows)
    )


def _cells(title: str, difference: PairedDifference, comparison: Comparison) -> list[object]:
    added = next((row.added for row in comparison.rows if row.f1 is difference), None)
    shares = ["" if share is None else round(share, 4) for share in (difference.first, difference.second)]
    return [
        title,
        *shares,
        *measure_cells(difference.change),
        round(difference.p_value, 6),
        int(difference.is_beyond_noise),
        "" if added is None else added,
    ]


TABLE = ReportTable(read_table, is_for_managers=True)
