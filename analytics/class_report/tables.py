"""Class table: the class report for spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.class_report.report import class_report
from analytics.edge.csv import measure_cells, measure_columns
from analytics.edge.tables import ReportTable, Table
from labeling.projects.models import Membership


def read_table(member: Membership, query: Mapping[str, str]) -> Table:
    """A row for each class; cross-validated numbers, and those of texts unlike any labeled one, in columns of
    their own."""
    measures = ("precision", "recall", "f1")
    header = ["class", "train_labels", "test_labels", "support"]
    header += [column for name in measures for column in measure_columns(name)]
    header += [column for name in measures for column in measure_columns(f"cross_validated_{name}")]
    header += [*measure_columns("unlabeled_prevalence"), "queue_share", "target_queue_share", "queue_mode"]
    header += ["support_without_near_duplicates", *measure_columns("f1_without_near_duplicates")]
    rows = []
    for row in class_report(member.project, query.get("model")).rows:
        cells: list[object] = [row.label_class.name, row.train_labels, row.test_labels]
        cells.append(row.scores.support if row.scores else "")
        for scores in (row.scores, row.crossed):
            for name in measures:
                cells += measure_cells(getattr(scores, name) if scores else None)
        cells += measure_cells(row.prevalence)
        cells.append("" if row.queue_part is None else round(row.queue_part, 4))
        cells += [row.need.share, row.need.mode] if row.need else ["", ""]
        cells.append(row.unlike.support if row.unlike else "")
        cells += measure_cells(row.unlike.f1 if row.unlike else None)
        rows.append(cells)
    return Table("classes", header, rows)


TABLE = ReportTable(read_table)
