"""Label distribution page: how labels spread, and which classes they have too few or too many of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics.charts.bars import Bar, Chart, Part, bar_chart
from analytics.data.queries import classes_at_target
from analytics.data.request_sizes import WANTED_LABELS
from analytics.distribution.breakdowns import Group
from analytics.distribution.report import Distribution, distribution
from analytics.distribution.wording import MAX_FINDINGS, headline
from analytics.edge.csv import csv_file, measure_cells, measure_columns
from labeling.projects.models import Membership
from labeling.web.access import for_members

BY = ("time", "guideline", "person")


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
        "headline": headline(report),
        "under": [(row, row.label_class.pk in reached) for row in report.standing("under")[:MAX_FINDINGS]],
        "over": report.standing("over")[:MAX_FINDINGS],
        "chart": _chart(report),
        "keys": [(_("of the training documents"), ""), (_("of all documents, estimated"), "mark")],
        "by": by,
        "choices": [(name, _names()[name]) for name in BY if name != "person" or member.may_manage],
        "groups": groups,
        "groups_chart": _groups_chart(groups),
        "habits": _habits(report) if member.may_manage else [],
        "wanted": WANTED_LABELS,
    }
    return render(request, "analytics/distribution/page.html", shown)


@require_safe
@for_members
def csv(request: HttpRequest, member: Membership) -> HttpResponse:
    """One of the tables as a file for spreadsheets: ?by=class, time, guideline or person."""
    report, by = distribution(member.project), request.GET.get("by", "class")
    if by in BY and (by != "person" or member.may_manage):
        names = [row.label_class.name for row in report.rows]
        rows: Iterable[list[object]] = ([g.name, g.answers, *g.counts] for g in groups_by(report, by))
        return csv_file(f"labels-by-{by}-{member.project_id}", [by, "answers", *names], rows)
    measures = ("share_of_labelled", "share_of_all", "share_of_unlabelled", "ratio")
    header = ["class", "train_labels", "test_labels", "labels", "documents", "standing"]
    header += [column for name in measures for column in measure_columns(name)]
    return csv_file(f"distribution-{member.project_id}", header, _class_rows(report))


def groups_by(report: Distribution, by: str) -> list[Group]:
    return {"time": report.times, "guideline": report.guidelines, "person": report.people}[by]


def _asked(request: HttpRequest, member: Membership) -> str:
    by = request.GET.get("by", "")
    return by if by in BY and (by != "person" or member.may_manage) else BY[0]


def _names() -> dict[str, str]:
    return {"time": _("Time"), "guideline": _("Guideline version"), "person": _("Person")}


def _chart(report: Distribution) -> Chart:
    """Shares of the labelled documents of the pool, and where the share of all documents lies."""
    bars = [
        Bar(
            row.label_class.name,
            (Part(row.estimate.labelled.value or 0.0, colour=row.label_class.colour),),
            row.estimate.whole,
        )
        for row in report.rows
    ]
    return bar_chart(bars, is_share=True)


def _groups_chart(groups: list[Group]) -> Chart:
    return bar_chart([Bar(group.title, (Part(sum(group.counts)),)) for group in groups])


def _habits(report: Distribution) -> list[dict[str, Any]]:
    return [
        {"name": name, "label_class": report.rows[skew.class_index].label_class, "skew": skew}
        for name, skew in report.habits.skews[:10]
    ]


def _class_rows(report: Distribution) -> Iterable[list[object]]:
    for row in report.rows:
        estimate = row.estimate
        counts = [row.label_class.name, row.train, row.test, row.total, row.documents, estimate.standing]
        measures = (estimate.labelled, estimate.whole, estimate.unlabelled, estimate.ratio)
        yield [*counts, *(cell for measure in measures for cell in measure_cells(measure))]
