"""Ranked findings: what the report finds, in one title and in the order of seriousness."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.class_report.guidance import distinction, labels, leakage, likeness, novelty, test_set
from analytics.class_report.guidance.finding import Finding
from analytics.class_report.guidance.labels import names_of, weak_rows
from analytics.class_report.report import ClassReport
from analytics.data.small_samples import too_few_to_judge

MAX_FINDINGS = 3  # the others are folded: the table of the classes comes soon

CHECKS = (
    labels.scarce,
    labels.weak,
    labels.unbalanced,
    labels.little_to_learn_from,
    test_set.missing_classes,
    test_set.too_small,
    test_set.too_good,
    leakage.leaked,
    likeness.unrepresentative,
    novelty.unlike_labeled,
    likeness.different_mix,
    distinction.unclear_pairs,
)


def findings(report: ClassReport) -> list[Finding]:
    """The most serious first; empty when there is nothing to be done.

    Of another model than the one in use they come without actions: what steers is about the model that ranks.
    """
    ranked = [finding for check in CHECKS for finding in check(report)]
    if not report.choice.is_in_use:
        ranked = [replace(finding, actions=()) for finding in ranked]
    return sorted(ranked, key=lambda finding: -finding.seriousness)


def class_report_headline(report: ClassReport) -> str:
    """The page's title: what the report found."""
    if report.version is None:
        return report.choice.status.title
    if report.scores is None:
        return _("Label test documents to evaluate the model")
    if not any(row.scores and row.scores.f1.is_defined for row in report.rows):
        return _("No current class can be measured yet: label test documents")
    if few := too_few_to_judge(report.test_documents):
        return few
    unmeasured = [row.label_class for row in report.rows if not row.test_labels]
    if not unmeasured:
        return _weakest(report)
    text = ngettext(
        "{n} of {total} classes cannot be measured yet: {names}",
        "{n} of {total} classes cannot be measured yet: {names}",
        len(unmeasured),
    ).format(n=len(unmeasured), total=len(report.rows), names=names_of(unmeasured))
    return f"{text}. {_weakest(report)}"


def _weakest(report: ClassReport) -> str:
    """What holds the model back, of the classes that are measured."""
    weak = [str(row.label_class.name) for row in weak_rows(report)]
    if not weak:
        return _("Every measured class reaches the target of F1 {limit:.2f}").format(
            limit=report.project.target_f1
        )
    if len(weak) == 1:
        return _("One class holds the model back: {name}").format(name=weak[0])
    if len(weak) == 2:
        return _("Two classes hold the model back: {first} and {second}").format(
            first=weak[0], second=weak[1]
        )
    return ngettext(
        "{n} class holds the model back, most of all {first} and {second}",
        "{n} classes hold the model back, most of all {first} and {second}",
        len(weak),
    ).format(n=len(weak), first=weak[0], second=weak[1])
