"""Learning-curve wording: labels to go, told in words. Never as a promise."""

from __future__ import annotations

from math import floor, isfinite, log10

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.data.small_samples import too_few_to_judge
from analytics.learning_curves.report import NEXT, CurvesReport, LearningCurve
from analytics.metrics.curves import MAX_EXTRAPOLATION_FACTOR, TargetStatus
from analytics.metrics.measures import Measure
from labeling.formatting import decimal

MINUTES = 60


def curves_headline(report: CurvesReport) -> str:
    """What stands between the model and its target."""
    target = decimal(report.project.target_f1, 2)
    measured = [curve for curve in report.classes if curve.points]
    if not measured:
        return _("No learning curve yet")
    if few := too_few_to_judge(report.tested):
        return few
    reached = sum(curve.is_reached for curve in measured)
    if reached == len(measured):
        return _("Every measured class has reached F1 {target}").format(target=target)
    open_ones = [curve for curve in measured if not curve.is_reached]
    text = _("{n} of {all} classes have reached F1 {target}").format(
        n=reached, all=len(measured), target=target
    )
    ahead = [curve for curve in open_ones if curve.forecast.standing == TargetStatus.AHEAD]
    if not ahead:
        return text
    farthest = max(ahead, key=lambda curve: curve.forecast.more.value or 0.0)
    name = farthest.label_class.name if farthest.label_class else ""
    return _("{sentence}; {name} needs the most: {labels}").format(
        sentence=text, name=name, labels=labels_range(farthest.forecast.more)
    )


def sentence(curve: LearningCurve, target: float) -> str:
    """What is left of one curve, or why nobody can say."""
    shown, forecast = decimal(target, 2), curve.forecast
    if forecast.standing == TargetStatus.REACHED:
        interval = curve.newest.measure.interval if curve.newest else None
        if interval is not None and interval.low < target:
            return _("{target} is reached, but the interval extends below it").format(target=shown)
        return _("{target} is clearly reached").format(target=shown)
    if forecast.standing == TargetStatus.UNKNOWN:
        return (
            _(forecast.reason) if curve.points else _("No test document of this class has been measured yet.")
        )
    if forecast.standing == TargetStatus.FAR:
        return ngettext(
            "{target} is not reachable at this rate, even with {n} time as many labels",
            "{target} is not reachable at this rate, even with {n} times as many labels",
            MAX_EXTRAPOLATION_FACTOR,
        ).format(target=shown, n=MAX_EXTRAPOLATION_FACTOR)
    return _("about {labels}").format(labels=labels_range(forecast.more))


def labels_range(more: Measure) -> str:
    """Labels from low to high, in round numbers.

    >>> from analytics.metrics.measures import Interval
    >>> labels_range(Measure(180.0, interval=Interval(141.0, 218.0)))
    '140 to 220 more labels'
    >>> labels_range(Measure(180.0, interval=Interval(3.0, float("inf"))))
    '180 more labels, possibly many more'
    """
    interval = more.interval
    if interval is None or more.value is None:
        return ""
    if not isfinite(interval.high):
        n = _rounded(more.value)
        return ngettext(
            "{n} more label, possibly many more", "{n} more labels, possibly many more", n
        ).format(n=decimal(n, 0))
    return _("{low} to {high} more labels").format(low=_round(interval.low), high=_round(interval.high))


def labels_left(curve: LearningCurve) -> tuple[str, str] | None:
    """About how many labels are left to the target, and from where to where; None where nobody can say."""
    more = curve.forecast.more
    if curve.forecast.standing != TargetStatus.AHEAD or more.value is None or more.interval is None:
        return None
    about = f"≈ {_round(more.value)}"
    if not isfinite(more.interval.high):
        return about, _("possibly many more")
    return about, _("{low} to {high}").format(low=_round(more.interval.low), high=_round(more.interval.high))


def hours_range(hours: Measure | None) -> str:
    """Hours of one person, or minutes where these are few.

    >>> from analytics.metrics.measures import Interval
    >>> hours_range(Measure(1.5, interval=Interval(.5, 3.2))), hours_range(None)
    ('30 min to 3.2 h', '')
    """
    if hours is None or hours.value is None or hours.interval is None:
        return ""
    if not isfinite(hours.interval.high):
        return _("{time} or more").format(time=_duration(hours.value))
    return _("{low} to {high}").format(low=_duration(hours.interval.low), high=_duration(hours.interval.high))


def gain_sentence(report: CurvesReport) -> str:
    """What the next labels would bring, and per hour of work."""
    curve = report.macro
    if curve.gain is None or curve.gain.value is None or curve.gain.interval is None:
        return ""
    sentence = ngettext(
        "The next {n} labeled document would add {value} points of macro F1 ({low} to {high}).",
        "The next {n} labeled documents would add {value} points of macro F1 ({low} to {high}).",
        NEXT,
    ).format(
        n=NEXT,
        value=_points(curve.gain.value),
        low=_points(curve.gain.interval.low),
        high=_points(curve.gain.interval.high),
    )
    an_hour = curve.gain_an_hour
    if an_hour is None or an_hour.value is None or report.seconds is None:
        return sentence
    return (
        sentence
        + " "
        + _(
            "At {seconds} seconds per annotation (median), that is {value} points per hour for one annotator."
        ).format(seconds=decimal(report.seconds, 1), value=_points(an_hour.value))
    )


def _duration(hours: float) -> str:
    if hours < 1:
        return _("{n} min").format(n=_round(hours * MINUTES))
    return _("{n} h").format(n=decimal(hours, 0 if hours >= 10 else 1))


def _points(share: float) -> str:
    return decimal(100 * share, 2)


def _rounded(count: float) -> int:
    """Two significant digits.

    >>> [_rounded(count) for count in (3.4, 141, 2_184)]
    [3, 140, 2200]
    """
    step: int = 10 ** max(0, floor(log10(max(count, 1))) - 1)
    return round(count / step) * step


def _round(count: float) -> str:
    return decimal(_rounded(count), 0)


def name_of(curve: LearningCurve) -> str:
    """What the curve is of."""
    if curve.label_class is not None:
        return curve.label_class.name
    return _("macro F1") if curve.key == "macro_f1" else _("accuracy")
