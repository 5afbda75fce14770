"""Wording of the quality report: its headline, and the names of averages."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.data.small_samples import too_few_to_judge
from analytics.metrics.classification import Average
from analytics.metrics.measures import Measure
from analytics.quality.report import QualityReport

WORTH_TELLING = 0.02  # of a gap between how sure a model is and how right: less changes no decision
ENDS_MATTER = 0.02  # of F1 that wrong ends of spans cost


def quality_headline(quality: QualityReport) -> str:
    """What is found of the probabilities; of spans, what wrong ends cost."""
    if quality.version is None:
        return quality.choice.status.title
    if quality.report is None:
        return _("No measurements yet")
    if few := too_few_to_judge(quality.documents):
        return few
    if quality.spans:
        strict, by_class = quality.report.micro.f1.value, quality.spans.by_class.all.f1.value
        if strict is None or by_class is None:
            return _("No measurements yet")
        points = round(100 * (by_class - strict))
        if by_class - strict < ENDS_MATTER:
            return _("Span boundaries are accurate")
        return ngettext(
            "Wrong span boundaries cost {n} point of F1",
            "Wrong span boundaries cost {n} points of F1",
            points,
        ).format(n=points)
    gap = quality.probabilities.gap if quality.probabilities else Measure(None)
    if gap.value is None or gap.interval is None:
        return _("The model predicted no class for any document")
    points = round(100 * abs(gap.value))
    if abs(gap.value) < WORTH_TELLING or gap.interval.low <= 0 <= gap.interval.high:
        return _("The probabilities are well calibrated on this test set")
    if gap.value > 0:
        return ngettext("Overconfident by {n} point", "Overconfident by {n} points", points).format(n=points)
    return ngettext("Underconfident by {n} point", "Underconfident by {n} points", points).format(n=points)


def averages(quality: QualityReport) -> list[tuple[str, str, Average]]:
    """The ways to put the classes together: key, name, measures."""
    if quality.report is None:
        return []
    rows = [
        ("micro", _("Micro: every label counts equally"), quality.report.micro),
        ("macro", _("Macro: every class counts equally"), quality.report.macro),
        ("weighted", _("Weighted: classes count by their number of labels"), quality.report.weighted),
    ]
    if quality.spans:
        rows += [
            ("partial", _("Half credit for wrong boundaries"), quality.spans.partial.all),
            ("by_class", _("Any overlap with the right class"), quality.spans.by_class.all),
        ]
    return rows
