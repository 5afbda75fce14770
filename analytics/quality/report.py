"""Model quality report: every measure of a model. Can the numbers and the probabilities be believed?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.data.content_cache import cached_by_content
from analytics.data.model_selection import ModelSelection, select_model
from analytics.data.queries import HeldOut, active_classes, held_out
from analytics.data.scores import scores
from analytics.metrics.classification import Report
from analytics.metrics.marks import score_marks
from analytics.metrics.measures import Interval, Measure
from analytics.metrics.probabilities import ProbabilityScores, score_probabilities
from analytics.metrics.ranking import Ranking, ranking
from analytics.metrics.span_matches import SpanMatches, span_matches
from analytics.metrics.thresholds import (
    PrecisionRecallCurve,
    Threshold,
    average_precision,
    best_threshold,
    precision_recall_curve,
    threshold_interval,
)
from labeling.guidelines.models import LabelClass
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project


@dataclass(frozen=True)
class ClassQuality:
    """One class that the model knows.

    average_precision, threshold : None in a spans project, whose models keep none of spans they do not mark
    partial, by_class : F1 with wrong ends forgiven in half or in full; in a spans project only
    """

    label_class: LabelClass
    support: int
    f1: Measure  # of what the model gave
    average_precision: Measure | None
    threshold: Threshold | None
    partial: Measure | None = None
    by_class: Measure | None = None


@dataclass(frozen=True)
class ChosenClass:
    """The class whose curve is shown."""

    row: ClassQuality
    curve: PrecisionRecallCurve
    threshold_interval: Interval | None
    f1_interval: Interval | None


@dataclass(frozen=True)
class QualityReport:
    """Everything that the page, the API and the CSV files show; None where there is nothing to measure.

    ranking : where a document may have several classes; spans : where spans are marked
    probabilities : of spans, of those that the model marks; chosen : but for spans
    """

    project: Project
    choice: ModelSelection
    documents: int  # of the test set, labeled and predicted
    report: Report | None = None
    probabilities: ProbabilityScores | None = None
    ranking: Ranking | None = None
    spans: SpanMatches | None = None
    classes: tuple[ClassQuality, ...] = ()
    chosen: ChosenClass | None = None
    retired: tuple[tuple[str, int], ...] = ()  # left out, as `HeldOut` tells

    @property
    def version(self) -> ModelVersion | None:
        return self.choice.version


def quality(project: Project, chosen: str = "", requested: str | int | None = None) -> QualityReport:
    """Of one model, on the current labels.

    chosen : the class whose curve is wanted, by its id; else the one with the lowest F1
    requested : the number of the model; the one in use by default. Raises NoSuchModel as `select_model` does.
    """
    choice = select_model(project, requested)
    version = choice.version
    held = held_out(project, version) if version else None
    if version is None or held is None or not len(held):
        return QualityReport(project, choice, 0, retired=held.retired if held is not None else ())
    measured = QualityReport(project, choice, len(held), scores(project.kind, held), retired=held.retired)
    if project.kind == Project.Kind.SPANS:
        return _of_spans(measured, held)
    return _of_classes(measured, held, version.pk, chosen)


def _of_spans(measured: QualityReport, held_out: HeldOut) -> QualityReport:
    spans = _spans(held_out)
    rows = _rows(measured, held_out, spans=spans)
    return replace(measured, probabilities=_of_marks(held_out), spans=spans, classes=rows)


def _of_classes(measured: QualityReport, held_out: HeldOut, seed: int, chosen: str) -> QualityReport:
    probabilities, truth = held_out.probabilities, held_out.truth
    rows = _rows(measured, held_out, _judged(held_out, seed))
    is_single = measured.project.kind == Project.Kind.SINGLE
    scores = cached_by_content(
        lambda: score_probabilities(probabilities, truth, held_out.predicted, is_single=is_single),
        "probabilities",
        held_out.predicted,
        probabilities,
        truth,
    )
    order = (
        None
        if is_single
        else cached_by_content(lambda: ranking(probabilities, truth), "ranking", probabilities, truth)
    )
    return replace(
        measured,
        probabilities=scores,
        ranking=order,
        classes=rows,
        chosen=_chosen(held_out, rows, chosen, seed),
    )


def _judged(held_out: HeldOut, seed: int) -> tuple[tuple[Measure, Threshold], ...]:
    columns = zip(held_out.probabilities.T.copy(), held_out.truth.T.copy(), strict=True)
    return tuple(_judged_class(probabilities, truth, seed) for probabilities, truth in columns)


def _judged_class(
    probabilities: NDArray[np.float64], truth: NDArray[np.bool_], seed: int
) -> tuple[Measure, Threshold]:
    """Remembered by class: a corrected label touches two of them."""
    return cached_by_content(
        lambda: (average_precision(probabilities, truth), best_threshold(probabilities, truth, seed=seed)),
        "threshold of a class",
        probabilities,
        truth,
        seed,
    )


def _rows(
    measured: QualityReport,
    held_out: HeldOut,
    judged: tuple[tuple[Measure, Threshold], ...] = (),
    spans: SpanMatches | None = None,
) -> tuple[ClassQuality, ...]:
    """Of the classes that are still in use, in the order of the model."""
    assert measured.report is not None
    report = measured.report
    by_id = {label_class.pk: label_class for label_class in active_classes(measured.project)}
    return tuple(
        ClassQuality(
            by_id[label_class],
            report.classes[index].support,
            report.classes[index].f1,
            judged[index][0] if judged else None,
            judged[index][1] if judged else None,
            spans.partial.classes[index].f1 if spans else None,
            spans.by_class.classes[index].f1 if spans else None,
        )
        for index, label_class in enumerate(held_out.classes)
        if label_class in by_id
    )


def _chosen(
    held_out: HeldOut, rows: tuple[ClassQuality, ...], requested: str, seed: int
) -> ChosenClass | None:
    measured = [row for row in rows if row.f1.value is not None]
    named = next((row for row in rows if str(row.label_class.pk) == requested), None)
    row = named or min(measured, key=lambda row: row.f1.value or 0.0, default=None)
    if row is None:
        return None
    index = held_out.classes.index(row.label_class.pk)
    probabilities, truth = held_out.probabilities[:, index], held_out.truth[:, index]
    of_threshold, of_f1 = cached_by_content(
        lambda: threshold_interval(probabilities, truth, seed=seed),
        "threshold interval",
        probabilities,
        truth,
        seed,
    )
    return ChosenClass(row, precision_recall_curve(probabilities, truth), of_threshold, of_f1)


def _of_marks(held_out: HeldOut) -> ProbabilityScores:
    """Whether the probabilities of the spans that the model marks can be believed."""
    rows = np.repeat(np.arange(len(held_out)), [len(probabilities) for probabilities in held_out.span_odds])
    span_probabilities = np.array([p for each in held_out.span_odds for p in each], dtype=np.float64)
    pairs = zip(held_out.predicted_spans, map(set, held_out.truth_spans), strict=True)
    is_right = np.array(
        [span in true_spans for predicted, true_spans in pairs for span in predicted], dtype=bool
    )
    return cached_by_content(
        lambda: score_marks(span_probabilities, is_right, rows, len(held_out)),
        f"marks {len(held_out)}",
        span_probabilities,
        is_right,
        rows,
    )


def _spans(held_out: HeldOut) -> SpanMatches:
    spans = held_out.truth_spans, held_out.predicted_spans
    n_classes = len(held_out.classes)
    return cached_by_content(lambda: span_matches(*spans, n_classes), f"span matches {spans} {n_classes}")
