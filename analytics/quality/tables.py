"""Quality tables: classes, averages, calibration and a precision-recall curve, for spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.charts.probabilities import share_interval
from analytics.edge.csv import measure_cells, measure_columns
from analytics.edge.tables import ReportTable, Table
from analytics.metrics.measures import Measure
from analytics.quality.report import QualityReport, quality
from analytics.quality.wording import averages
from labeling.projects.models import Membership, Project


def read_table(member: Membership, query: Mapping[str, str]) -> Table:
    """?table=classes, averages, calibration or curve, that of ?class=."""
    quality_report = quality(member.project, query.get("class", ""), query.get("model"))
    table = query.get("table", "classes")
    header, rows = {
        "averages": _averages_table,
        "calibration": _calibration_table,
        "curve": _curve_table,
    }.get(table, _classes_table)(quality_report)
    return Table("quality", header, rows)


Cells = tuple[list[str], list[list[object]]]


def _averages_table(quality: QualityReport) -> Cells:
    names = ("precision", "recall", "f1")
    header = ["average", *(column for name in names for column in measure_columns(name))]
    rows: list[list[object]] = [
        [key, *(cell for name in names for cell in measure_cells(getattr(average, name)))]
        for key, _name, average in averages(quality)
    ]
    return header, rows


def _calibration_table(quality: QualityReport) -> Cells:
    bins = quality.probabilities.calibration.bins if quality.probabilities else ()
    header = ["low", "high", "count", "mean_predicted_probability", *measure_columns("accuracy")]
    rows: list[list[object]] = [
        [
            *(score_bin.low, score_bin.high, score_bin.n_documents, round(score_bin.confidence, 4)),
            *measure_cells(Measure(score_bin.share_right, interval=share_interval(score_bin))),
        ]
        for score_bin in bins
    ]
    return header, rows


def _curve_table(quality: QualityReport) -> Cells:
    if quality.chosen is None:
        return ["threshold", "precision", "recall"], []
    curve = quality.chosen.curve
    points = zip(curve.thresholds.tolist(), curve.precision.tolist(), curve.recall.tolist(), strict=False)
    return ["threshold", "precision", "recall"], [[round(n, 6) for n in point] for point in points]


def _classes_table(quality: QualityReport) -> Cells:
    if quality.project.kind == Project.Kind.SPANS:
        return _span_table(quality)
    measures = ("f1", "average_precision", "f1_at_best_threshold", "expected_f1_at_best_threshold")
    header = ["class", "support", "best_threshold"]
    header += [column for name in measures for column in measure_columns(name)]
    rows: list[list[object]] = []
    for row in quality.classes:
        best = row.threshold
        of_best = (best.f1, best.f1_elsewhere) if best else (None, None)
        numbers = (row.f1, row.average_precision, *of_best)
        cells: list[object] = [row.label_class.name, row.support]
        cells.append(round(best.value, 4) if best and best.value is not None else "")
        rows.append([*cells, *(cell for measure in numbers for cell in measure_cells(measure))])
    return header, rows


def _span_table(quality: QualityReport) -> Cells:
    header = ["class", "support", *measure_columns("strict_f1")]
    header += [column for name in ("partial_f1", "by_class_f1") for column in measure_columns(name)]
    rows: list[list[object]] = [
        [row.label_class.name, row.support]
        + [cell for measure in (row.f1, row.partial, row.by_class) for cell in measure_cells(measure)]
        for row in quality.classes
    ]
    return header, rows


TABLE = ReportTable(read_table)
