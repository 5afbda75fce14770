"""Novelty: is the model worse on texts of a new kind? Test documents that nothing labeled is like."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.class_report.guidance.finding import Finding, see
from analytics.class_report.report import ClassReport
from analytics.data.unlike_texts import UnlikeTexts
from labeling.formatting import percent


def unlike_labeled(report: ClassReport) -> list[Finding]:
    """Whether texts without near-duplicates differ significantly from the others, or there are none."""
    unlike = report.unlike
    if unlike is None:
        return []
    if not unlike.documents:
        return [_none_unlike(report)]
    interval = unlike.difference.interval
    if interval is None or interval.low <= 0 <= interval.high:
        return []
    return [_differs(report, unlike)]


def _none_unlike(report: ClassReport) -> Finding:
    return Finding(
        key="none_unlike_labeled",
        title=_("Every test document has a near-duplicate in the training set"),
        text=_("The model's quality on other texts is unknown."),
        why=_("The numbers hold for texts like the labeled ones. Quality on new kinds of text may be lower."),
        how_sure=_("Near-duplicates share 80% of their words (MinHash)."),
        tone="warn",
        seriousness=45,
        actions=(see(report.project, _("View the test set"), "test_set"),),
    )


def _differs(report: ClassReport, unlike: UnlikeTexts) -> Finding:
    interval, difference = unlike.difference.interval, unlike.difference.value or 0.0
    assert interval is not None
    is_worse = difference < 0
    low, high = sorted((abs(interval.low), abs(interval.high)))
    return Finding(
        key="unlike_labeled",
        title=_("The model is worse on texts without near-duplicates")
        if is_worse
        else _("The model is better on texts without near-duplicates"),
        text=ngettext(
            "{unlike} of {n} test document without a near-duplicate in the training set is correct, "
            "but {alike} of the others.",
            "{unlike} of {n} test documents without a near-duplicate in the training set are correct,"
            " but {alike} of the others.",
            unlike.documents,
        ).format(
            unlike=percent(unlike.right / unlike.documents),
            n=unlike.documents,
            alike=percent(unlike.right_alike / unlike.alike),
        ),
        why=_(
            "The number on all test documents holds only for similar texts. On new kinds of text, "
            "expect the number without near-duplicates."
        )
        if is_worse
        else _("Near-duplicates may belong to several classes, or their labels may be inconsistent."),
        how_sure=_(
            "The difference is {low} to {high} points (95% confidence interval). Near-duplicates "
            "share 80% of their words (MinHash)."
        ).format(low=round(100 * low), high=round(100 * high)),
        tone="warn",
        seriousness=45,
        actions=(see(report.project, _("View texts without near-duplicates"), "test_set", twins="0"),),
    )
