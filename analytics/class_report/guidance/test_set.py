"""Test set adequacy: can the numbers be believed? Whether it is large and complete, and not too easy."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.class_report.guidance.finding import (
    Action,
    Finding,
    import_more,
    queue_test_documents,
    see,
)
from analytics.class_report.guidance.labels import names_of
from analytics.class_report.report import ClassReport
from labeling.formatting import percent
from labeling.learning.classifiers.cross_validation import SMALL_TEST_SET

NEARLY_PERFECT = 0.995  # accuracy


def missing_classes(report: ClassReport) -> list[Finding]:
    """Classes that no labeled test document has."""
    missing = [row.label_class for row in report.rows if row.test_labels == 0]
    if not missing or not report.labels or len(missing) == len(report.rows):  # `too_small` tells of all
        return []
    title = ngettext(
        "{n} class is missing from the test set", "{n} classes are missing from the test set", len(missing)
    ).format(n=len(missing))
    return [
        Finding(
            key="missing_in_test_set",
            title=title,
            text=_("Nothing can be measured for {names}.").format(names=names_of(missing)),
            why=_("Averages exclude these classes, so they say nothing about them."),
            how_sure=_("Certain. A class may be too rare to have been drawn yet: label more test documents."),
            tone="bad",
            seriousness=90,
            actions=_more_tests(report),
            label_class=missing[0],
        )
    ]


def too_small(report: ClassReport) -> list[Finding]:
    """Whether so few test documents judge the model that its numbers hold little."""
    n, accuracy = report.test_documents, report.scores.accuracy if report.scores else None
    if report.version is None or n >= SMALL_TEST_SET:
        return []
    text = _("The model's quality is unknown.")
    if not n and not report.project.test_share and not report.is_test_waiting:
        text = _("The project has no test set. Import documents that are marked as test documents.")
    if accuracy is not None and accuracy.interval is not None:
        text = _("Accuracy is {value}, but anything from {low} to {high} is plausible.").format(
            value=percent(accuracy.value or 0.0),
            low=percent(accuracy.interval.low),
            high=percent(accuracy.interval.high),
        )
    if report.crossed:
        text += " " + _("Until there are more, the table shows cross-validated numbers, which are biased.")
    return [
        Finding(
            key="small_test_set",
            title=ngettext(
                "The model is evaluated on only {n} test document",
                "The model is evaluated on only {n} test documents",
                n,
            ).format(n=n)
            if n
            else _("No labeled test documents to evaluate the model yet"),
            text=text,
            why=_("With five test documents of a class, a single one changes its recall by 20 points."),
            how_sure=ngettext(
                "The interval shows how much: with {n} document it is about ±10 points wide.",
                "The interval shows how much: with {n} documents it is about ±10 points wide.",
                SMALL_TEST_SET,
            ).format(n=SMALL_TEST_SET),
            tone="warn" if n else "bad",
            seriousness=50 if n else 90,
            actions=_more_tests(report),
        )
    ]


def too_good(report: ClassReport) -> list[Finding]:
    """Nearly perfect numbers are a reason to look for what is wrong with the test set."""
    accuracy = report.scores.accuracy if report.scores else None
    if accuracy is None or accuracy.value is None or accuracy.value < NEARLY_PERFECT or not accuracy.interval:
        return []
    if not report.is_judged:  # `too_small` says it
        return []
    is_small = report.test_documents < SMALL_TEST_SET
    return [
        Finding(
            key="too_good",
            title=_("The results are nearly perfect, which is suspicious"),
            text=ngettext(
                "{value} of {n} test document are correct; {low} is also plausible.",
                "{value} of {n} test documents are correct; {low} is also plausible.",
                report.test_documents,
            ).format(
                value=percent(accuracy.value),
                n=report.test_documents,
                low=percent(accuracy.interval.low),
            ),
            why=_(
                "With few documents this happens by chance. With many, it often means that the test "
                "set is easy or repeats training texts."
            ),
            how_sure=_("The test set is small, so chance is the most likely reason.")
            if is_small
            else _("Exact copies are excluded from training; near-duplicates and other leaks are not."),
            tone="warn",
            seriousness=60,
            actions=(
                *_more_tests(report),
                see(report.project, _("View the test set"), "test_set"),
            )[:2],
        )
    ]


def _more_tests(report: ClassReport) -> tuple[Action, ...]:
    if report.is_test_waiting:
        return (queue_test_documents(report.project),)
    return (import_more(report.project),)
