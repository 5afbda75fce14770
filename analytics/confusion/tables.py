"""Confusion tables: the matrix, the pairs, and classes that come together, for spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.confusion.report import ConfusionReport, confusion_report
from analytics.edge.csv import measure_cells, measure_columns
from analytics.edge.tables import ReportTable, Table
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Membership, Project

TABLES = ("matrix", "pairs", "together")


def read_table(member: Membership, query: Mapping[str, str]) -> Table:
    """?table=matrix, pairs or together."""
    report = confusion_report(member.project, query.get("model"))
    table = query.get("table", "")
    name = table if table in TABLES else TABLES[0]
    makers = {"matrix": _matrix_table, "pairs": _pairs_table, "together": _together_table}
    header, rows = makers[name](report)
    return Table(f"confusion-{name}", header, rows)


def classes_together(report: ConfusionReport) -> list[tuple[LabelClass, LabelClass, int, int, float]]:
    """Classes that documents of the test set have together: both, documents, of the rarer, share of it."""
    if report.co_occurrence is None:
        return []
    counts, row_index = report.co_occurrence, []
    for number, first in enumerate(report.classes):
        for other in range(number + 1, len(report.classes)):
            both = int(counts[number, other])
            if both:
                rarer = int(min(counts[number, number], counts[other, other]))
                row_index.append((first, report.classes[other], both, rarer, both / rarer))
    return sorted(row_index, key=lambda row: -row[2])


def _matrix_table(report: ConfusionReport) -> tuple[list[str], list[list[object]]]:
    header = ["true_class", "predicted_class", "count", "share_of_true_class"]
    rows: list[list[object]] = []
    if report.counts is None:
        return header, rows
    counts = report.counts
    for row_index, truth in enumerate(report.classes):
        total = int(counts.true[row_index])
        numbers = [*counts.matrix[row_index].tolist()]
        names = [label_class.name for label_class in report.classes]
        if report.project.kind != Project.Kind.SINGLE:
            numbers, names = [*numbers, int(counts.missed_alone[row_index])], [*names, ""]
        rows += [
            [truth.name, predicted, number, round(number / total, 4) if total else ""]
            for predicted, number in zip(names, numbers, strict=True)
        ]
    if report.project.kind != Project.Kind.SINGLE:
        extra = zip(report.classes, counts.extra_alone.tolist(), strict=True)
        rows += [["", label_class.name, number, ""] for label_class, number in extra]
    return header, rows


def _pairs_table(report: ConfusionReport) -> tuple[list[str], list[list[object]]]:
    header = [
        "first_class",
        "second_class",
        "first_as_second",
        "second_as_first",
        "units",
        *measure_columns("confusion_rate"),
    ]
    header += [
        "expected_confusions",
        "lift",
        "annotator_disagreements",
        "annotator_comparisons",
        *measure_columns("annotator_disagreement_rate"),
        "cause",
    ]
    return header, [
        [
            pair.first.name,
            pair.second.name,
            pair.model.forward,
            pair.model.backward,
            pair.model.either,
            *measure_cells(pair.model.share),
            round(pair.model.expected, 2),
            measure_cells(pair.model.lift)[0],
            pair.splits,
            pair.comparisons,
            *measure_cells(pair.people),
            pair.verdict.value,
        ]
        for pair in report.pairs
    ]


def _together_table(report: ConfusionReport) -> tuple[list[str], list[list[object]]]:
    rows: list[list[object]] = [
        [first.name, second.name, both, rarer, round(share, 4)]
        for first, second, both, rarer, share in classes_together(report)
    ]
    return ["first_class", "second_class", "documents", "of_rarer", "share_of_rarer"], rows


TABLE = ReportTable(read_table)
