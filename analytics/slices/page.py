"""Slice report page: on which documents the model is worse, and more of them for the queue."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from analytics.charts.bars import Bar, BarChart, Part, bar_chart
from analytics.data.links import test_set_address
from analytics.slices.report import Slices, average_of, slices
from analytics.slices.slice_fields import LENGTH
from analytics.slices.wording import slices_headline
from labeling.documents.metadata import is_hidden
from labeling.documents.slices import Slice
from labeling.exceptions import InvalidInput
from labeling.projects.models import Membership
from labeling.steering import picks
from labeling.steering.models import Pick
from labeling.web.access import for_managers, for_members, person

WANTED = 20  # documents that one press of the button sends to the queue
MAX_PICKS = 5  # that the page names


@require_safe
@for_members
def page(request: HttpRequest, member: Membership) -> HttpResponse:
    report = slices(member.project, request.GET.get("by", LENGTH), request.GET.get("model"))
    shown: dict[str, Any] = {
        "member": member,
        "report": report,
        "choice": report.choice,
        "retired": report.retired,
        "may_steer": member.may_manage and report.choice.is_in_use,
        "headline": slices_headline(report),
        "average": average_of(member.project, report.whole) if report.whole else None,
        "weak": [(weak, _address(member, report, weak.where)) for weak in report.weak],
        "rows": [(row, _address(member, report, row.bucket.where)) for row in report.rows],
        "chart": _chart(report),
        "keys": [
            (_("predicted correctly"), ""),
            (_("95% confidence interval"), "mark"),
            (_("all test documents"), "reference"),
        ],
        "wanted": WANTED,
        "picks": _standing(member),
    }
    return render(request, "analytics/slices/page.html", shown)


@require_POST
@for_managers
def queue(request: HttpRequest, member: Membership) -> HttpResponse:
    """Send documents of the pool that belong to a slice to the queue."""
    where = Slice.read(request.POST.dict())
    try:
        done = picks.pick_from_pool(
            member.project_id, person(request), where=where, count=WANTED, reason=_reason(member, where)
        )
    except InvalidInput as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _told(done.waiting, where)) if done.waiting else messages.warning(
            request, _("No unlabeled document of the pool matches: {where}.").format(where=where)
        )
    return redirect("analytics:slices", member.project_id)


@require_POST
@for_managers
def end_pick(request: HttpRequest, member: Membership, pick_id: int) -> HttpResponse:
    if picks.end_pick(member.project_id, person(request), pick_id):
        messages.success(request, _("Stopped. These documents no longer have priority."))
    return redirect("analytics:slices", member.project_id)


def _address(member: Membership, report: Slices, where: Slice | None) -> str:
    """Of the test documents of the slice; "" where it cannot be said, or the reader may not see them."""
    return "" if where is None else test_set_address(member, report.version, **where.query)


def _reason(member: Membership, where: Slice) -> str:
    """What annotators read of a pick: the slice, unless that tells what is hidden from them."""
    if any(is_hidden(condition.field, member.project) for condition in where.conditions):
        return "More documents of one slice"
    with translation.override("en"):  # it is stored, so in no reader's language
        return str(where)[:300]


def _told(n: int, where: Slice) -> str:
    return ngettext(
        "{n} document of the pool moves to the front of the queue: {where}.",
        "{n} documents of the pool move to the front of the queue: {where}.",
        n,
    ).format(n=n, where=where)


def _standing(member: Membership) -> list[Pick]:
    if not member.may_manage:
        return []
    return list(Pick.objects.standing().filter(project=member.project_id).order_by("-pk")[:MAX_PICKS])


def _chart(report: Slices) -> BarChart:
    bars = [
        Bar(row.bucket.name, (Part(row.accuracy.value or 0.0),), row.accuracy)
        for row in report.rows
        if row.documents
    ]
    overall = report.whole.accuracy.value if report.whole else None
    return bar_chart(bars, is_share=True, highest=1.0, reference=overall)
