"""How good is it, per class, and can the number be believed? The class report, ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analytics import queries
from analytics.metrics.bootstrap import outcomes_multi, outcomes_single, with_intervals
from analytics.metrics.classification import (
    ClassScores,
    Report,
    confusion_matrix,
    report_multi,
    report_single,
)
from analytics.metrics.imbalance import Imbalance, imbalance
from analytics.metrics.spans import outcomes_spans, report_spans
from labeling.models import Focus, LabelClass, ModelVersion, Project
from labeling.models.labelled import label_counts


@dataclass(frozen=True)
class ClassRow:
    """One class in the report."""

    label_class: LabelClass
    train_labels: int  # on documents of the pool
    test_labels: int
    share: float  # of all labels, 0 to 1
    scores: ClassScores | None  # None while there is no model, or it does not know the class yet
    focus: Focus | None
    focus_labels: int  # that the focus has brought so far


@dataclass(frozen=True)
class Confusion:
    """How often documents of one class were taken for each class."""

    label_class: LabelClass
    counts: list[tuple[LabelClass, int, float]]  # predicted class, documents, share of the row


@dataclass(frozen=True)
class ClassReport:
    """Everything that the page, the API and the CSV file show."""

    project: Project
    version: ModelVersion | None
    rows: list[ClassRow]
    imbalance: Imbalance
    scores: Report | None  # averages with intervals; None without a model or a labelled test set
    confusions: list[Confusion]  # of one class a document only
    pairs: list[tuple[LabelClass, LabelClass, int, int]]  # true, predicted, documents, of the true class
    labels: int  # of the pool and the test set together
    test_documents: int  # that are labelled and predicted
    is_test_waiting: bool


def class_report(project: Project) -> ClassReport:
    """Computed now, from the newest model's stored predictions and the labels of this moment."""
    classes = queries.active_classes(project)
    counts = label_counts(project.pk)
    version = queries.latest_model(project)
    held_out = queries.held_out(project, version) if version else None
    measured = _measured(project, held_out, version) if held_out is not None and len(held_out) else None
    matrix = _matrix(held_out) if measured and held_out and project.kind == Project.Kind.SINGLE else None
    by_id = {label_class.pk: label_class for label_class in classes}
    confusions = _confusions(by_id, held_out.classes, matrix) if held_out and matrix is not None else []
    return ClassReport(
        project=project,
        version=version,
        rows=_rows(project, classes, counts, measured, held_out),
        imbalance=imbalance(np.array([_total(counts, c.pk) for c in classes] or [0])),
        scores=measured,
        confusions=confusions,
        pairs=_pairs(confusions),
        labels=sum(counts.values()),
        test_documents=len(held_out) if held_out else 0,
        is_test_waiting=queries.test_documents_waiting(project),
    )


def _measured(project: Project, held_out: queries.HeldOut, version: ModelVersion | None) -> Report:
    seed = version.pk if version else 0  # one model, one report: the intervals do not flicker on reload
    n_classes = len(held_out.classes)
    if project.kind == Project.Kind.SPANS:
        spans = held_out.truth_spans, held_out.predicted_spans
        return with_intervals(
            report_spans(*spans, n_classes=n_classes), outcomes_spans(*spans, n_classes=n_classes), seed=seed
        )
    if project.kind == Project.Kind.MULTI:
        report = report_multi(held_out.truth, held_out.predicted)
        return with_intervals(report, outcomes_multi(held_out.truth, held_out.predicted), seed=seed)
    truth, predicted = held_out.truth.argmax(axis=1), held_out.predicted.argmax(axis=1)
    report = report_single(truth, predicted, n_classes)
    return with_intervals(report, outcomes_single(truth, predicted, n_classes), seed=seed)


def _matrix(held_out: queries.HeldOut) -> NDArray[np.int64]:
    truth, predicted = held_out.truth.argmax(axis=1), held_out.predicted.argmax(axis=1)
    return confusion_matrix(truth, predicted, len(held_out.classes))


def _rows(
    project: Project,
    classes: list[LabelClass],
    counts: dict[tuple[UUID, str], int],
    measured: Report | None,
    held_out: queries.HeldOut | None,
) -> list[ClassRow]:
    scores = dict(zip(held_out.classes, measured.classes, strict=True)) if measured and held_out else {}
    focuses = queries.standing_focuses(project)
    total = sum(_total(counts, label_class.pk) for label_class in classes)
    rows = []
    for label_class in classes:
        focus, brought = focuses.get(label_class.pk, (None, 0))
        rows.append(
            ClassRow(
                label_class,
                counts.get((label_class.pk, "pool"), 0),
                counts.get((label_class.pk, "test"), 0),
                _total(counts, label_class.pk) / total if total else 0.0,
                scores.get(label_class.pk),
                focus,
                brought,
            )
        )
    return rows


def _total(counts: dict[tuple[UUID, str], int], label_class: UUID) -> int:
    return counts.get((label_class, "pool"), 0) + counts.get((label_class, "test"), 0)


def _confusions(
    by_id: dict[UUID, LabelClass], classes: tuple[UUID, ...], matrix: NDArray[np.int64]
) -> list[Confusion]:
    known = [(place, by_id[label_class]) for place, label_class in enumerate(classes) if label_class in by_id]
    confusions = []
    for row, truth in known:
        total = int(matrix[row].sum())
        cells = [
            (predicted, int(matrix[row, column]), matrix[row, column] / total if total else 0.0)
            for column, predicted in known
        ]
        confusions.append(Confusion(truth, cells))
    return confusions


def _pairs(confusions: list[Confusion]) -> list[tuple[LabelClass, LabelClass, int, int]]:
    """Mistakes, the most frequent first."""
    pairs = [
        (row.label_class, predicted, count, sum(c for _, c, _ in row.counts))
        for row in confusions
        for predicted, count, _ in row.counts
        if predicted.pk != row.label_class.pk and count
    ]
    return sorted(pairs, key=lambda pair: -pair[2])
