"""Model quality page: every measure of the model, and whether its probabilities can be believed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.charts.probabilities import precision_recall_chart, reliability_diagram, share_interval
from analytics.edge.csv import csv_file, measure_cells, measure_columns
from analytics.metrics.measures import Measure
from analytics.quality.report import Quality, quality
from analytics.quality.wording import averages, headline
from labeling.projects.models import Membership, Project
from labeling.web.access import for_members


@require_safe
@for_members
def page(request: HttpRequest, member: Membership) -> HttpResponse:
    quality_report = quality(member.project, request.GET.get("class", ""), request.GET.get("model"))
    shown: dict[str, Any] = {
        "member": member,
        "found": quality_report,
        "choice": quality_report.choice,
        "retired": quality_report.retired,
        "headline": headline(quality_report),
        "averages": averages(quality_report),
    }
    if quality_report.probabilities:
        bins = [
            (score_bin, share_interval(score_bin))
            for score_bin in quality_report.probabilities.calibration.bins
        ]
        shown |= {"bins": bins, "diagram": reliability_diagram(bins)}
    if quality_report.chosen:
        threshold = quality_report.chosen.row.threshold
        shown["curve"] = precision_recall_chart(
            quality_report.chosen.curve, threshold.value if threshold else None
        )
    return render(request, "analytics/quality/page.html", shown)


@require_safe
@for_members
def csv(request: HttpRequest, member: Membership) -> HttpResponse:
    """One of the tables as a file for spreadsheets: ?table=classes, averages, calibration or curve."""
    quality_report = quality(member.project, request.GET.get("class", ""), request.GET.get("model"))
    table = request.GET.get("table", "classes")
    header, rows = {
        "averages": _averages_table,
        "calibration": _calibration_table,
        "curve": _curve_table,
    }.get(table, _classes_table)(quality_report)
    return csv_file(f"quality-{member.project_id}", header, rows)


Table = tuple[list[str], list[list[object]]]


def _averages_table(quality: Quality) -> Table:
    names = ("precision", "recall", "f1")
    header = ["average", *(column for name in names for column in measure_columns(name))]
    rows: list[list[object]] = [
        [key, *(cell for name in names for cell in measure_cells(getattr(average, name)))]
        for key, _name, average in averages(quality)
    ]
    return header, rows


def _calibration_table(quality: Quality) -> Table:
    bins = quality.probabilities.calibration.bins if quality.probabilities else ()
    header = ["from", "to", "count", "mean_probability", *measure_columns("share_right")]
    rows: list[list[object]] = [
        [
            *(score_bin.low, score_bin.high, score_bin.n_documents, round(score_bin.confidence, 4)),
            *measure_cells(Measure(score_bin.share_right, interval=share_interval(score_bin))),
        ]
        for score_bin in bins
    ]
    return header, rows


def _curve_table(quality: Quality) -> Table:
    if quality.chosen is None:
        return ["threshold", "precision", "recall"], []
    curve = quality.chosen.curve
    points = zip(curve.thresholds.tolist(), curve.precision.tolist(), curve.recall.tolist(), strict=False)
    return ["threshold", "precision", "recall"], [[round(n, 6) for n in point] for point in points]


def _classes_table(quality: Quality) -> Table:
    if quality.project.kind == Project.Kind.SPANS:
        return _span_table(quality)
    measures = ("f1", "average_precision", "f1_at_best_threshold", "f1_elsewhere")
    header = ["class", "support", "best_threshold"]
    header += [column for name in measures for column in measure_columns(name)]
    rows: list[list[object]] = []
    for row in quality.classes:
        best = row.threshold
        of_best = (best.f1, best.f1_elsewhere) if best else (None, None)
        told = (row.f1, row.average_precision, *of_best)
        cells: list[object] = [row.label_class.name, row.support]
        cells.append(round(best.value, 4) if best and best.value is not None else "")
        rows.append([*cells, *(cell for measure in told for cell in measure_cells(measure))])
    return header, rows


def _span_table(quality: Quality) -> Table:
    header = ["class", "support", *measure_columns("strict_f1")]
    header += [column for name in ("partial_f1", "by_class_f1") for column in measure_columns(name)]
    rows: list[list[object]] = [
        [row.label_class.name, row.support]
        + [cell for measure in (row.f1, row.partial, row.by_class) for cell in measure_cells(measure)]
        for row in quality.classes
    ]
    return header, rows
