"""What is said about two classes that are mixed up? The title, the evidence and the advice, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.confusion import AmbiguousPair, ConfusionReport, Verdict
from labeling.models import Project
from labeling.models.reasons import percent


def headline(report: ConfusionReport) -> str:
    """The page's title: what the matrix shows."""
    if report.version is None:
        return _("Nothing is mixed up yet: there is no model")
    if report.counts is None:
        return _("A model, and nothing to hold it against: label documents of the test set")
    if report.pairs:
        pair = report.pairs[0]
        return _("{first} and {second} are mixed up most: {n} of {of}").format(
            first=pair.first.name, second=pair.second.name, n=pair.model.count, of=pair.model.either
        )
    if report.counts.missed.any() or report.counts.extra.any():
        return _("No two classes are mixed up more than once")
    return _("The model makes no mistake on the test set, which may be too small to show one")


def evidence(pair: AmbiguousPair, kind: str) -> str:
    """How often, and how often chance would do it.

    kind : of the project: places are counted where spans are marked
    """
    numbers = {
        "forward": pair.model.forward,
        "backward": pair.model.backward,
        "first": pair.first.name,
        "second": pair.second.name,
        "of": pair.model.either,
    }
    told = (
        _("{forward} of {first} called {second}, {backward} the other way, of {of} places with either.")
        if kind == Project.Kind.SPANS
        else _("{forward} of {first} called {second}, {backward} the other way, of {of} with either.")
    ).format(**numbers)
    if pair.model.lift.value is None:
        return told
    expected = _("By chance it would be {expected:.1f}: {lift:.1f} times as often.")
    return told + " " + expected.format(expected=pair.model.expected, lift=pair.model.lift.value)


def people(pair: AmbiguousPair) -> str:
    """What people do with the same two classes."""
    if pair.people.value is None or pair.people.interval is None:
        return _("No two people answered a document of either class.")
    low, high = percent(pair.people.interval.low), percent(pair.people.interval.high)
    return (
        ngettext(
            "In {n} of {of} comparison, two people split on it: {share} ({low} to {high}).",
            "In {n} of {of} comparisons, two people split on it: {share} ({low} to {high}).",
            pair.comparisons,
        )
        .format(n=pair.splits, of=pair.comparisons, share=percent(pair.people.value), low=low, high=high)
    )  # fmt: skip


def advice(pair: AmbiguousPair) -> str:
    """What helps, and how sure that is."""
    if pair.is_merge_likely:
        return _(
            "People hardly tell the two apart. Write the rule that does, or use one class: put the meaning "
            "of both into one rule, retire the other class in the settings, and relabel its documents."
        )
    return {
        Verdict.RULE: _(
            "People mix them up too, so the rule is unclear, not only the model weak: mend the rule."
        ),
        Verdict.MODEL: _("People agree, so the model is weak here: more labels of both help."),
        Verdict.OPEN: _("People were compared too seldom to tell an unclear rule from a weak model."),
        Verdict.UNKNOWN: _(
            "People were hardly compared on it: read the documents, then mend the rule or ask for labels."
        ),
    }[pair.verdict]
