"""CSV download: a table of a report as a file for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from itertools import chain

from django.http import HttpResponse

from analytics.metrics.measures import Measure
from labeling.formats.exports import escaped

BOUNDS = ("", "_low", "_high")  # behind the name of a measure: its value and the ends of its interval


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A download; texts that a spreadsheet would run as a formula are escaped.

    name : of the file, without its ending
    """
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    writer = csv.writer(response)
    every = chain([header], rows)  # names of classes and fields stand in headers too
    writer.writerows([escaped(cell) if isinstance(cell, str) else cell for cell in row] for row in every)
    return response


def measure_columns(name: str) -> list[str]:
    """The headings of a measure with its interval.

    >>> measure_columns("f1")
    ['f1', 'f1_low', 'f1_high']
    """
    return [f"{name}{bound}" for bound in BOUNDS]


def measure_cells(measure: Measure | None) -> list[object]:
    """A measure with its interval in three cells; empty where it is undefined.

    >>> measure_cells(Measure(0.81494)), measure_cells(None)
    ([0.8149, '', ''], ['', '', ''])
    """
    if measure is None or measure.value is None:
        return ["", "", ""]
    interval = measure.interval
    ends = [round(interval.low, 4), round(interval.high, 4)] if interval else ["", ""]
    return [round(measure.value, 4), *ends]
