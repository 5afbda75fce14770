"""Learning curves: how good the model was after so many labels, how many are left, and how long they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.charts.curves import Band
from analytics.charts.forecasts import Forecasted, forecast_chart
from analytics.data.content_cache import cached_by_content
from analytics.data.queries import active_classes
from analytics.metrics.curves import Forecast, TargetStatus, labels_to
from analytics.metrics.intervals import f1_of_counts
from analytics.metrics.measures import MIN_HEADLINE_DOCUMENTS, Interval, Measure
from analytics.models import Measurement
from labeling.annotations.models import Annotation
from labeling.guidelines.models import LabelClass
from labeling.learning.evaluation.curve_extrapolation import CurveFit, Points
from labeling.projects.models import Project

MAX_VERSIONS = 1_000  # of a curve, the newest
MAX_SHOWN = 40  # points of a page; files and machines get every one
MAX_ANSWERS = 2_000  # the latest, whose median time counts
NEXT = 100  # labels
AHEAD = 24  # places of the expected part of a drawing
MIN_EXTRAPOLATION_FACTOR = (
    2.0  # times the current labels that a chart reaches to, where the target is near or never
)
HALF = 1.959964  # of an interval at 95%, in standard errors


@dataclass(frozen=True)
class Point:
    """What one model measured when it was new."""

    model: int  # number of the version
    labels: int  # labeled documents, or labels of the class, that it had learned from
    measure: Measure


@dataclass(frozen=True)
class LearningCurve:
    """One learning curve, as it was measured then, and where it goes.

    key : "macro_f1", "accuracy", or the identifier of a class
    documents, hours : to label until the target, at the rate and the speed of late; None where unknown
    gain, gain_an_hour : of the next NEXT labeled documents; of averages alone
    """

    key: str
    label_class: LabelClass | None
    points: list[Point]
    forecast: Forecast
    fit: CurveFit | None
    documents: Measure | None = None
    hours: Measure | None = None
    gain: Measure | None = None
    gain_an_hour: Measure | None = None

    @property
    def is_reached(self) -> bool:
        return self.forecast.standing == TargetStatus.REACHED

    @property
    def newest(self) -> Point | None:
        return self.points[-1] if self.points else None


@dataclass(frozen=True)
class CurvesReport:
    """Everything that the page, the API and the CSV file show."""

    project: Project
    overall: list[LearningCurve]  # macro F1, then accuracy
    classes: list[LearningCurve]
    seconds: float | None  # median of focused work on one answer
    tested: int  # documents that the newest point was measured on

    @property
    def macro(self) -> LearningCurve:
        return self.overall[0]

    def curve(self, key: str) -> LearningCurve:
        """The one with this key, else macro F1."""
        return next((curve for curve in [*self.overall, *self.classes] if curve.key == key), self.macro)


def curves_report(project: Project, limit: int = MAX_VERSIONS) -> CurvesReport:
    """From the measurements that are kept: nothing is measured anew.

    limit : points of a curve; of more, some are taken, evenly spread, the first and the newest among them
    """
    measurements = _measurements(project, limit)
    latest = Annotation.objects.filter(project=project).order_by("-pk").values("pk")[:MAX_ANSWERS]
    seconds = Annotation.objects.filter(pk__in=latest).median_seconds()
    hours = None if seconds is None else seconds * project.overlap / 3600  # of a document
    overall = [_overall(project, measurements, name, hours) for name in ("macro_f1", "accuracy")]
    classes = [
        _of_class(project, measurements, label_class, hours) for label_class in active_classes(project)
    ]
    tested = measurements[-1].documents if measurements else 0
    return CurvesReport(project, overall, classes, seconds, tested)


def is_target_reached(project: Project) -> bool:
    """Whether the whole interval of macro F1 was above the target when the newest model was measured."""
    newest = Measurement.objects.filter(project=project).order_by("-model_version__number").first()
    if newest is None or newest.documents < MIN_HEADLINE_DOCUMENTS:
        return False
    _value, low, _high = newest.averages.get("macro_f1") or (None, None, None)
    return low is not None and low >= project.target_f1


def macro_curve(project: Project, limit: int = MAX_SHOWN) -> LearningCurve:
    """That of macro F1 alone, without hours."""
    return _overall(project, _measurements(project, limit), "macro_f1", None)


def _measurements(project: Project, limit: int) -> list[Measurement]:
    """The oldest first."""
    kept = Measurement.objects.filter(project=project).order_by("-model_version__number")
    ids = list(kept.values_list("pk", flat=True)[:MAX_VERSIONS])[::-1]
    indices = np.unique(np.linspace(0, max(len(ids) - 1, 0), min(limit, len(ids))).round().astype(int))
    taken = Measurement.objects.filter(pk__in=[ids[index] for index in indices.tolist()])
    versions = taken.select_related("model_version").defer("model_version__facts", "model_version__classes")
    return list(versions.order_by("model_version__number"))


def chart_of(curve: LearningCurve, target: float) -> Forecasted | None:
    """The drawing of one curve; None before its first point."""
    if not curve.points:
        return None
    measured = [(float(point.labels), _band(point.measure)) for point in curve.points]
    return forecast_chart(measured, expected(curve), target)


def expected(curve: LearningCurve) -> list[tuple[float, Band]]:
    """Labels and the value expected there, with its interval; empty where nothing can be said."""
    if curve.fit is None:
        return []
    now = curve.fit.start
    more = curve.forecast.more.value or 0.0
    label_counts = np.linspace(now, max(MIN_EXTRAPOLATION_FACTOR * now, 1.15 * (now + more)), AHEAD)
    return [
        (float(count), band)
        for count, band in zip(label_counts, curve.fit.at(label_counts.tolist()), strict=True)
    ]


def _overall(
    project: Project, measurements: Sequence[Measurement], name: str, hours: float | None
) -> LearningCurve:
    points = [
        Point(
            measurement.model_version.number,
            measurement.model_version.label_count,
            Measure(value, "", Interval(low, high)),
        )
        for measurement in measurements
        if (average := measurement.averages.get(name)) and None not in average
        for value, low, high in [average]
    ]
    forecast, fit = _forecast(project, points)
    gain = None if fit is None else _measure(fit.gain(NEXT))
    return LearningCurve(
        name,
        None,
        points,
        forecast,
        fit,
        documents=forecast.more,
        hours=_times(forecast.more, hours),
        gain=gain,
        gain_an_hour=_times(gain, 1 / (NEXT * hours)) if gain is not None and hours else None,
    )


def _of_class(
    project: Project, measurements: Sequence[Measurement], label_class: LabelClass, hours: float | None
) -> LearningCurve:
    points, documents = [], []
    for measurement in measurements:
        numbers = measurement.classes.get(str(label_class.pk))
        measure = f1_of_counts(numbers["tp"], numbers["fp"], numbers["fn"]) if numbers else None
        if numbers and measure is not None and measure.is_defined:
            points.append(Point(measurement.model_version.number, numbers["labels"], measure))
            documents.append(measurement.model_version.label_count)
    forecast, fit = _forecast(project, points)
    rate = _rate(points, documents)
    requests = _times(forecast.more, 1 / rate) if rate else None
    return LearningCurve(
        str(label_class.pk), label_class, points, forecast, fit, requests, _times(requests, hours)
    )


def _forecast(project: Project, points: Sequence[Point]) -> tuple[Forecast, CurveFit | None]:
    labels = np.array([point.labels for point in points], dtype=np.float64)
    values = np.array([point.measure.value for point in points], dtype=np.float64)
    errors = np.array([_error(point.measure) for point in points], dtype=np.float64)
    return cached_by_content(
        lambda: labels_to(project.target_f1, Points(labels, values, errors)),
        "labels to",
        project.target_f1,
        labels,
        values,
        errors,
    )


def _error(measure: Measure) -> float:
    return measure.interval.width / (2 * HALF) if measure.interval else 0.0


def _rate(points: Sequence[Point], documents: Sequence[int]) -> float | None:
    """Labels of a class per labeled document, since half of the documents were labeled."""
    if not points:
        return None
    start = next(index for index, count in enumerate(documents) if 2 * count >= documents[-1])
    if documents[-1] > documents[start] and points[-1].labels > points[start].labels:
        return (points[-1].labels - points[start].labels) / (documents[-1] - documents[start])
    return points[-1].labels / documents[-1] if documents[-1] and points[-1].labels else None


def _times(measure: Measure | None, factor: float | None) -> Measure | None:
    """The same in another unit; an end may be infinite."""
    if measure is None or measure.interval is None or factor is None:
        return None
    value = None if measure.value is None else measure.value * factor
    return Measure(
        value, measure.reason, Interval(measure.interval.low * factor, measure.interval.high * factor)
    )


def _measure(band: Band) -> Measure:
    value, low, high = band
    return Measure(value, interval=Interval(low, high))


def _band(measure: Measure) -> Band:
    value = measure.value or 0.0
    return (value, *((measure.interval.low, measure.interval.high) if measure.interval else (value, value)))
