"""Confusion matrix: laid out so that fifty classes can still be read. Rows of cells."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from analytics.confusion.report import ConfusionReport
from analytics.metrics.confusion import Confusion
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Project


class CellFilter(StrEnum):
    """Which cells carry numbers."""

    ALL = "all"
    ERRORS = "errors"
    MATCHES = "matches"


@dataclass(frozen=True)
class MatrixOptions:
    """What the reader asked for; an unknown word is the usual one."""

    shown: CellFilter = CellFilter.ALL
    is_share: bool = False  # of the row, instead of counts
    is_confused_only: bool = False  # leave out classes without a mistake

    @classmethod
    def read(cls, show: str, unit: str, only: str) -> MatrixOptions:
        """
        >>> read = MatrixOptions.read
        >>> read("errors", "share", "").is_share, read("nonsense", "", "").shown.value
        (True, 'all')
        """
        shown = CellFilter(show) if show in set(CellFilter) else CellFilter.ALL
        return cls(shown, unit == "share", only == "confused")


@dataclass(frozen=True)
class Cell:
    """One number of the matrix, and the query of the test set page that shows its documents."""

    count: int
    share: float  # of the row's units, 0 to 1
    query: str  # empty: there is nothing to look at
    description: str  # what the cell says, for a pointer and for those who do not see the table
    is_right: bool = False
    is_hidden: bool = False  # not asked for


NOTHING = Cell(0, 0.0, "", "")
HIDDEN = Cell(0, 0.0, "", "", is_hidden=True)


@dataclass(frozen=True)
class MatrixRow:
    """One true class (None: nothing was there), with a cell for each column."""

    label_class: LabelClass | None
    note: str  # why the row says little; empty where it does not
    total: int
    cells: list[Cell]


@dataclass(frozen=True)
class Matrix:
    """The columns are those of `classes`; with `has_nothing` one more, for what was missed."""

    classes: list[LabelClass]
    rows: list[MatrixRow]
    has_nothing: bool
    hidden_classes: int  # without a mistake, left out as asked


def laid_out(report: ConfusionReport, counts: Confusion, view: MatrixOptions) -> Matrix:
    """The matrix as asked for: rows are what is true, columns what the model says."""
    chosen = _chosen(counts, view)
    classes = [report.classes[index] for index in chosen]
    has_nothing = report.project.kind != Project.Kind.SINGLE
    rows = [_row(report, counts, view, index, chosen, has_nothing) for index in chosen]
    if has_nothing and counts.extra_alone.any():
        rows.append(_spurious(report, counts, view, chosen))
    return Matrix(classes, rows, has_nothing, len(report.classes) - len(chosen))


def _chosen(counts: Confusion, view: MatrixOptions) -> list[int]:
    if not view.is_confused_only:
        return list(range(len(counts.true)))
    return np.flatnonzero(counts.missed + counts.extra).tolist()


def _row(
    report: ConfusionReport,
    counts: Confusion,
    view: MatrixOptions,
    index: int,
    chosen: list[int],
    has_nothing: bool,
) -> MatrixRow:
    truth, total = report.classes[index], int(counts.true[index])
    numbers: NDArray[np.int64] = counts.matrix[index]
    cells, of_row, wrong_text = [], numbers.tolist(), _("{n} {truth} predicted as {predicted}")
    for column in chosen:
        count, is_right = of_row[column], column == index
        is_hidden = view.shown is (CellFilter.ERRORS if is_right else CellFilter.MATCHES)
        if not count or is_hidden:  # most of a large matrix
            cells.append(HIDDEN if is_hidden else NOTHING)
            continue
        predicted = report.classes[column]
        query = documents_of(report.project.kind, truth, predicted)
        text = _("{n} {truth} predicted correctly") if is_right else wrong_text
        text = text.format(n=count, truth=truth.name, predicted=predicted.name)
        cells.append(Cell(count, count / total, query, text, is_right))
    if has_nothing:
        count = int(counts.missed_alone[index])
        text = _("{n} {truth} missed, no other class predicted").format(n=count, truth=truth.name)
        query, is_hidden = f"missed={truth.pk}" if count else "", view.shown is CellFilter.MATCHES
        cells.append(Cell(count, count / max(total, 1), query, text, is_hidden=is_hidden))
    return MatrixRow(truth, _note(counts, index), total, cells)


def documents_of(kind: str, truth: LabelClass, predicted: LabelClass) -> str:
    """The query of the test set page that shows the documents of one class that are called the other."""
    if kind == Project.Kind.MULTI and truth != predicted:
        return f"missed={truth.pk}&extra={predicted.pk}"
    return f"truth={truth.pk}&predicted={predicted.pk}"


def _note(counts: Confusion, index: int) -> str:
    if counts.true[index]:
        return ""
    if counts.predicted[index]:
        return _("not in the test set")
    return _("no data")


def _spurious(
    report: ConfusionReport, counts: Confusion, view: MatrixOptions, chosen: list[int]
) -> MatrixRow:
    total = int(counts.extra_alone.sum())
    cells = []
    for column in chosen:
        count, predicted = int(counts.extra_alone[column]), report.classes[column]
        text = _("{total} predicted as {predicted} where nothing is labeled").format(
            total=count, predicted=predicted.name
        )
        query = f"extra={predicted.pk}" if count else ""
        cells.append(Cell(count, count / total, query, text, is_hidden=view.shown is CellFilter.MATCHES))
    cells.append(HIDDEN)
    return MatrixRow(None, "", total, cells)
