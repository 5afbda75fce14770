"""Class ambiguity: classes that are not clearly distinct. Is it the rule or the model?"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.class_report.guidance.finding import Finding, draft_rule, label_more, see
from analytics.class_report.report import ClassReport
from analytics.confusion.matrix import documents_of
from analytics.confusion.report import AmbiguousPair, Verdict
from analytics.confusion.wording import cause, evidence, expected_by_chance, people, remedy
from labeling.formatting import percent

MAX_PAIRS = 2


def unclear_pairs(report: ClassReport) -> list[Finding]:
    """Pairs with a statistically significant number of confusions."""
    clear = [pair for pair in report.ambiguous if pair.model.is_clear]
    return [_finding(report, pair) for pair in clear[:MAX_PAIRS]]


def _finding(report: ClassReport, pair: AmbiguousPair) -> Finding:
    is_rule = pair.verdict is Verdict.RULE
    project, names = report.project, {"first": pair.first.name, "second": pair.second.name}
    title = (
        _("{first} and {second} are not clearly distinct").format(**names)
        if is_rule
        else _("{first} and {second} are confused").format(**names)
    )
    ways = [(pair.first, pair.second), (pair.second, pair.first)]
    true, predicted = ways[0] if pair.model.forward >= pair.model.backward else ways[1]
    count = max(pair.model.forward, pair.model.backward)
    filters = dict(part.split("=") for part in documents_of(project.kind, true, predicted).split("&"))
    model = report.version.number if report.version else 0
    look = see(
        project,
        ngettext("View the error", "View the {n} errors", count).format(n=count),
        "test_set",
        model=model,
        **filters,
    )
    rule, labels = (
        draft_rule(project, pair.first, pair.second),
        label_more(project, [pair.first, pair.second]),
    )
    return Finding(
        key="unclear_pair",
        title=title,
        text=f"{evidence(pair, project.kind)} {cause(pair)}",
        why=remedy(pair),
        how_sure=_how_sure(pair),
        tone="bad" if is_rule else "warn",
        seriousness=75 if is_rule else 30,
        actions=(rule, look, labels) if is_rule else (labels, look, rule),
        label_class=pair.first,
    )


def _how_sure(pair: AmbiguousPair) -> str:
    if pair.model.share.value is None or pair.model.share.interval is None:
        return ""
    share = _(
        "Of everything with either class, {share} is confused (95% confidence interval {low} to {high})."
    )
    share_text = share.format(
        share=percent(pair.model.share.value),
        low=percent(pair.model.share.interval.low),
        high=percent(pair.model.share.interval.high),
    )
    return " ".join(sentence for sentence in (share_text, expected_by_chance(pair), people(pair)) if sentence)
