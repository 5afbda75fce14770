"""Distribution tables: labels by class, time, guideline or person, for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analytics.distribution.breakdowns import Group
from analytics.distribution.report import Distribution, distribution
from analytics.edge.csv import measure_cells, measure_columns
from analytics.edge.tables import ReportTable, Table
from labeling.exceptions import NotAllowed
from labeling.projects.models import Membership

BY = ("time", "guideline", "person")


def read_table(member: Membership, query: Mapping[str, str]) -> Table:
    """?by=class, time, guideline or person. Raises NotAllowed for people, which are the managers' to see."""
    report, by = distribution(member.project), query.get("by", "class")
    if by == "person" and not member.may_manage:
        raise NotAllowed
    if by in BY:
        names = [row.label_class.name for row in report.rows]
        rows: Iterable[list[object]] = ([g.name, g.answers, *g.counts] for g in groups_by(report, by))
        return Table(f"labels-by-{by}", ["annotator" if by == "person" else by, "annotations", *names], rows)
    measures = ("labeled_prevalence", "prevalence", "unlabeled_prevalence", "prevalence_ratio")
    header = ["class", "train_labels", "test_labels", "labels", "documents", "representation"]
    header += [column for name in measures for column in measure_columns(name)]
    return Table("distribution", header, _class_rows(report))


def groups_by(report: Distribution, by: str) -> list[Group]:
    return {"time": report.times, "guideline": report.guidelines, "person": report.people}[by]


def _class_rows(report: Distribution) -> Iterable[list[object]]:
    for row in report.rows:
        estimate = row.estimate
        counts = [row.label_class.name, row.train, row.test, row.total, row.documents, estimate.standing]
        measures = (estimate.labeled, estimate.whole, estimate.unlabeled, estimate.ratio)
        yield [*counts, *(cell for measure in measures for cell in measure_cells(measure))]


TABLE = ReportTable(read_table)
