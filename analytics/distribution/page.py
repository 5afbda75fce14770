"""Label distribution page: how labels spread, and which classes they have too few or too many of."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics.charts.bars import Bar, BarChart, Part, bar_chart
from analytics.data.queries import classes_at_target
from analytics.data.request_sizes import WANTED_LABELS
from analytics.distribution.breakdowns import Group
from analytics.distribution.report import Distribution, distribution
from analytics.distribution.tables import BY, groups_by
from analytics.distribution.wording import MAX_FINDINGS, distribution_headline
from labeling.projects.models import Membership
from labeling.web.access import for_members


@require_safe
@for_members
def page(request: HttpRequest, member: Membership) -> HttpResponse:
    report = distribution(member.project)
    by = _asked(request, member)
    groups = groups_by(report, by)
    reached = classes_at_target(member.project)
    shown: dict[str, Any] = {
        "member": member,
        "report": report,
        "headline": distribution_headline(report),
        "under": [(row, row.label_class.pk in reached) for row in report.standing("under")[:MAX_FINDINGS]],
        "over": report.standing("over")[:MAX_FINDINGS],
        "chart": _chart(report),
        "keys": [(_("share of training documents"), ""), (_("share of all documents (estimated)"), "mark")],
        "by": by,
        "choices": [(name, _names()[name]) for name in BY if name != "person" or member.may_manage],
        "groups": groups,
        "groups_chart": _groups_chart(groups),
        "habits": _habits(report) if member.may_manage else [],
        "wanted": WANTED_LABELS,
    }
    return render(request, "analytics/distribution/page.html", shown)


def _asked(request: HttpRequest, member: Membership) -> str:
    by = request.GET.get("by", "")
    return by if by in BY and (by != "person" or member.may_manage) else BY[0]


def _names() -> dict[str, str]:
    return {"time": _("Time"), "guideline": _("Guideline version"), "person": _("Annotator")}


def _chart(report: Distribution) -> BarChart:
    """Shares of the labeled documents of the pool, and where the share of all documents lies."""
    bars = [
        Bar(
            row.label_class.name,
            (Part(row.estimate.labeled.value or 0.0, color=row.label_class.color),),
            row.estimate.whole,
        )
        for row in report.rows
    ]
    return bar_chart(bars, is_share=True)


def _groups_chart(groups: list[Group]) -> BarChart:
    return bar_chart([Bar(group.title, (Part(sum(group.counts)),)) for group in groups])


def _habits(report: Distribution) -> list[dict[str, Any]]:
    return [
        {"name": name, "label_class": report.rows[skew.class_index].label_class, "skew": skew}
        for name, skew in report.habits.skews[:10]
    ]
