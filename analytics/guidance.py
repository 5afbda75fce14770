"""What should the reader do about the numbers? Findings, each with its evidence and what helps."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.reports import ClassReport, ClassRow
from labeling.models import LabelClass

FEWEST_LABELS = 15  # below it a class can hardly be learnt
ENOUGH_LABELS = 50  # from here on numbers of a class begin to hold
SMALL_TEST_SET = 100  # documents; a perfect score on fewer says little
MOST_IMBALANCE = 10  # times as many labels of the largest class as of the smallest
CONFUSED_FROM = 3  # documents of one class taken for another
WEAK_BELOW = 0.7  # F1
MOST_FINDINGS = 6


@dataclass(frozen=True)
class Finding:
    """One thing to know, why it matters, and the class that more labels would help."""

    title: str
    text: str
    tone: str = "warn"  # good, warn or bad
    label_class: LabelClass | None = None


def headline(report: ClassReport) -> str:
    """The page's title: what the report found."""
    if report.version is None:
        return _("No model yet: label documents of at least two classes")
    if report.scores is None:
        return _("A model, and nothing to measure it by: label documents of the test set")
    weak = [str(row.label_class.name) for row in weak_rows(report)]
    if not weak:
        return _("Every class is measured at F1 {limit} or above").format(limit=WEAK_BELOW)
    if len(weak) == 1:
        return _("One class holds the model back: {name}").format(name=weak[0])
    if len(weak) == 2:
        return _("Two classes hold the model back: {first} and {second}").format(
            first=weak[0], second=weak[1]
        )
    return _("{n} classes hold the model back, most of all {first} and {second}").format(
        n=len(weak), first=weak[0], second=weak[1]
    )


def weak_rows(report: ClassReport) -> list[ClassRow]:
    """Classes whose F1 is low, the lowest first."""
    measured = [(row.scores.f1.value, row) for row in report.rows if row.scores and row.scores.f1.is_defined]
    weak = [(value, row) for value, row in measured if value is not None and value < WEAK_BELOW]
    return [row for _, row in sorted(weak, key=lambda pair: pair[0])]


def findings(report: ClassReport) -> list[Finding]:
    """The most serious first; empty when there is nothing to be done."""
    found = [
        *_without_test(report),
        *_too_good(report),
        *_scarce(report),
        *_confused(report),
        *_unbalanced(report),
    ]
    order = {"bad": 0, "warn": 1, "good": 2}
    return sorted(found, key=lambda finding: order[finding.tone])[:MOST_FINDINGS]


def _scarce(report: ClassReport) -> list[Finding]:
    found = []
    for row in sorted(report.rows, key=lambda row: row.train_labels):
        if row.train_labels >= ENOUGH_LABELS:
            continue
        missing = (FEWEST_LABELS if row.train_labels < FEWEST_LABELS else ENOUGH_LABELS) - row.train_labels
        title = ngettext(
            "{name} has {n} label to learn from", "{name} has {n} labels to learn from", row.train_labels
        ).format(name=row.label_class.name, n=row.train_labels)
        text = (
            _("Below {n} a class can hardly be learnt; {missing} more would reach it.").format(
                n=FEWEST_LABELS, missing=missing
            )
            if row.train_labels < FEWEST_LABELS
            else _("From {n} on the numbers of a class begin to hold; {missing} are missing.").format(
                n=ENOUGH_LABELS, missing=missing
            )
        )
        tone = "bad" if row.train_labels < FEWEST_LABELS else "warn"
        found.append(Finding(title, text, tone, row.label_class))
    return found[:3]


def _without_test(report: ClassReport) -> list[Finding]:
    missing = [row for row in report.rows if row.test_labels == 0]
    if not missing or not report.labels:
        return []
    names = ", ".join(row.label_class.name for row in missing[:5])
    title = ngettext(
        "{n} class is missing in the test set", "{n} classes are missing in the test set", len(missing)
    ).format(n=len(missing))
    text = (
        _("Nothing can be measured for {names}. The queue brings test documents at their share.")
        if report.is_test_waiting
        else _("Nothing can be measured for {names}, and every test document is labelled: import more.")
    ).format(names=names)
    return [Finding(title, text, "bad")]


def _too_good(report: ClassReport) -> list[Finding]:
    accuracy = report.scores.accuracy.value if report.scores else None
    if accuracy is None or accuracy < 0.995:
        return []
    text = (
        _("With {n} test documents that happens by chance: look at the interval, and label more of them.")
        if report.test_documents < SMALL_TEST_SET
        else _("Check that the test set is not a copy of the training texts, and that it holds hard cases.")
    ).format(n=report.test_documents)
    return [Finding(_("Nearly perfect, which is a reason to doubt"), text)]


def _confused(report: ClassReport) -> list[Finding]:
    found = []
    for truth, predicted, count, total in report.pairs[:2]:
        if count < CONFUSED_FROM:
            continue
        title = _("{truth} is often taken for {predicted}").format(truth=truth.name, predicted=predicted.name)
        text = _(
            "{count} of {total} test documents of {truth}. If people confuse them too, mend the guideline."
        ).format(count=count, total=total, truth=truth.name)
        found.append(Finding(title, text, "warn", truth))
    return found


def _unbalanced(report: ClassReport) -> list[Finding]:
    ratio = report.imbalance.ratio.value
    if ratio is None or ratio <= MOST_IMBALANCE:
        return []
    smallest = min(report.rows, key=lambda row: row.train_labels + row.test_labels)
    title = _("The largest class has {ratio:.0f} times the labels of {name}").format(
        ratio=ratio, name=smallest.label_class.name
    )
    text = _("The model is trained with balanced weights; still, few labels make a class unsteady.")
    return [Finding(title, text, "warn", smallest.label_class)]
