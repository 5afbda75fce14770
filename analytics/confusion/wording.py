"""Confusion wording: the title, and evidence and advice for two classes that are confused."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.confusion.report import AmbiguousPair, ConfusionReport, Verdict
from analytics.data.small_samples import too_few_to_judge
from labeling.formatting import percent
from labeling.projects.models import Project


def confusion_headline(report: ConfusionReport) -> str:
    """The page's title: what the matrix shows."""
    if report.version is None:
        return report.choice.status.title
    if report.counts is None:
        return _("Label test documents to evaluate the model")
    if clear := [pair for pair in report.pairs if pair.model.is_clear]:
        return _("{first} and {second} are confused most often: {n} of {of}").format(
            first=clear[0].first.name,
            second=clear[0].second.name,
            n=clear[0].model.count,
            of=clear[0].model.either,
        )
    if few := too_few_to_judge(report.test_documents):
        return few
    if report.counts.missed.any() or report.counts.extra.any():
        return _("No statistically significant confusion between classes")
    return _("No errors on the test set, which may be too small to show any")


def evidence(pair: AmbiguousPair, kind: str) -> str:
    """How often one is predicted as the other, the more frequent way first; what never occurs is left out.

    kind : of the project: spans and several labels are spoken of in their own words
    """
    model = pair.model
    ways = [
        (model.forward, model.of_first, pair.first.name, pair.second.name),
        (model.backward, model.of_second, pair.second.name, pair.first.name),
    ]
    (n, of, true, predicted), (less, of_other, _true, _predicted) = sorted(ways, key=lambda way: -way[0])
    scores = _taken(n, of, kind).format(n=n, of=of, true=true, predicted=predicted)
    if not less:
        return scores + "."
    return _("{sentence}, and the other way around {n} of {of}.").format(sentence=scores, n=less, of=of_other)


def _taken(n: int, of: int, kind: str) -> str:
    if n == of > 1:
        return {
            Project.Kind.SPANS.value: _("All {of} {true} spans are predicted as {predicted}"),
            Project.Kind.MULTI.value: _(
                "All {of} test documents with {true} are predicted as {predicted} instead"
            ),
        }.get(kind, _("All {of} {true} test documents are predicted as {predicted}"))
    if kind == Project.Kind.SPANS:
        if of == 1:
            return _("The only {true} span is predicted as {predicted}")
        return ngettext(
            "{n} of {of} {true} spans is predicted as {predicted}",
            "{n} of {of} {true} spans are predicted as {predicted}",
            n,
        )
    if kind == Project.Kind.MULTI:
        if of == 1:
            return _("The only test document with {true} is predicted as {predicted} instead")
        return ngettext(
            "{n} of {of} test documents with {true} is predicted as {predicted} instead",
            "{n} of {of} test documents with {true} are predicted as {predicted} instead",
            n,
        )
    if of == 1:
        return _("The only {true} test document is predicted as {predicted}")
    return ngettext(
        "{n} of {of} {true} test documents is predicted as {predicted}",
        "{n} of {of} {true} test documents are predicted as {predicted}",
        n,
    )


def expected_by_chance(pair: AmbiguousPair) -> str:
    """How many it would be if mistakes had no favorites; empty where classes are but two."""
    if pair.model.lift.value is None:
        return ""
    if pair.model.expected < 1:
        return _("If errors were spread evenly over all classes, fewer than one would fall on this pair.")
    return _("If errors were spread evenly over all classes, about {n:.0f} would fall on this pair.").format(
        n=pair.model.expected
    )


def people(pair: AmbiguousPair) -> str:
    """What people do with the same two classes."""
    if pair.people.value is None or pair.people.interval is None:
        return _("No document of either class has annotations from two annotators.")
    if not pair.splits:
        return ngettext(
            "Annotators never disagree on it in {of} comparison.",
            "Annotators never disagree on it in {of} comparisons.",
            pair.comparisons,
        ).format(of=pair.comparisons)
    return ngettext(
        "Annotators disagree on it in {n} of {of} comparison.",
        "Annotators disagree on it in {n} of {of} comparisons.",
        pair.comparisons,
    ).format(n=pair.splits, of=pair.comparisons)


def cause(pair: AmbiguousPair) -> str:
    """Whether the rule or the model is weak, and what says so."""
    share = percent(pair.people.value or 0.0)
    if pair.verdict is Verdict.RULE:
        return _(
            "Annotators disagree on the same pair {share} of the time, so the rule is unclear, not "
            "just the model weak."
        ).format(share=share)
    if pair.verdict is Verdict.MODEL:
        if not pair.splits:
            return _("Annotators never disagree on this pair, so the model is weak here, not the rule.")
        return _(
            "Annotators disagree on this pair only {share} of the time, so the model is weak here, not "
            "the rule."
        ).format(share=share)
    return _(
        "Too few documents have two annotations to tell whether the rule is unclear or the model is weak."
    )


def advice(pair: AmbiguousPair) -> str:
    """Whose weakness it is, and what helps."""
    return f"{cause(pair)} {remedy(pair)}"


def remedy(pair: AmbiguousPair) -> str:
    """What helps."""
    if pair.is_merge_likely:
        return _(
            "Annotators can hardly distinguish these classes. Write a rule that does, or use one "
            "class: put both meanings into one rule, retire the other class in the settings, and "
            "relabel its documents."
        )
    return {
        Verdict.RULE: _(
            "Write a rule that distinguishes them: more labels under an unclear rule help little."
        ),
        Verdict.MODEL: _("More labels of both help most."),
        Verdict.OPEN: _("Read the documents, then write a rule or label more of both."),
        Verdict.UNKNOWN: _("Read the documents, then write a rule or label more of both."),
    }[pair.verdict]
