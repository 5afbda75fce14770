"""Steering page: what moves the queue, and how a manager overrules it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from analytics.charts.bars import Bar, BarChart, Part, bar_chart
from analytics.steering import report as steering
from analytics.steering.report import ShareRow, Steering, steering_headline
from labeling.exceptions import InvalidInput, LabelingError
from labeling.guidelines.models import LabelClass
from labeling.learning.query_strategies.mix import MAX_NEEDS_SHARE
from labeling.projects.models import Membership
from labeling.steering.class_needs import MAX_TARGET, MIN_TARGET
from labeling.steering.models import ClassNeed
from labeling.web.access import for_managers, for_members, person
from labeling.web.queue_mix import SHARES


@require_safe
@for_members
def page(request: HttpRequest, member: Membership) -> HttpResponse:
    report = steering.steering(member.project)
    shown: dict[str, Any] = {
        "member": member,
        "report": report,
        "headline": steering_headline(report),
        "chart": _chart(report),
        "shares": [(_name(row), row) for row in report.shares],
        "modes": ClassNeed.Mode.choices,
        "most": round(100 * MAX_NEEDS_SHARE),
        "least_target": MIN_TARGET,
        "most_target": MAX_TARGET,
    }
    return render(request, "analytics/steering/page.html", shown)


@require_POST
@for_managers
def change_need(request: HttpRequest, member: Membership, class_id: UUID) -> HttpResponse:
    mode = request.POST.get("mode", "")
    try:
        share = _share(request.POST.get("percent", "")) if mode == ClassNeed.Mode.BY_HAND else None
        need = steering.change_need(member.project, person(request), class_id, mode, share)
    except LabelingError as error:
        messages.error(request, error.message)
    else:
        name = LabelClass.objects.values_list("name", flat=True).get(pk=class_id)
        message = _("{name}: {mode}. The queue updates within seconds.")
        messages.success(request, message.format(name=name, mode=need.get_mode_display()))
    return redirect("analytics:steering", member.project_id)


@require_POST
@for_managers
def change_steering(request: HttpRequest, member: Membership) -> HttpResponse:
    """Switch all of it on or off (`is_steered`), or move the target."""
    is_requested = request.POST.get("is_steered")
    try:
        target = _number(request.POST["target_f1"]) if "target_f1" in request.POST else None
        is_steered = None if is_requested is None else is_requested == "on"
        steering.change_project(member.project, person(request), is_steered, target)
    except LabelingError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Saved. The queue updates within seconds."))
    return redirect("analytics:steering", member.project_id)


def _share(text: str) -> float:
    return _number(text) / 100


def _number(text: str) -> float:
    """Raises InvalidInput."""
    try:
        number = float(text.replace(",", "."))
    except ValueError as error:
        raise InvalidInput(_("Enter a number.")) from error
    return number


def _name(row: ShareRow) -> str:
    return str(SHARES[row.share][0]) if row.share in SHARES else row.share.replace("_", " ").capitalize()


def _chart(report: Steering) -> BarChart | None:
    """One bar for each share of the head; where a share asks for classes, each in its color."""
    if not report.entries:
        return None
    bars = []
    for row in report.shares:
        parts = [
            Part(n / report.entries, label_class.name, label_class.color) for label_class, n in row.by_class
        ]
        rest = row.part - sum(part.value for part in parts)
        bars.append(Bar(_name(row), (*parts, Part(rest, _name(row))) if rest > 1e-9 else tuple(parts)))
    return bar_chart(bars, is_share=True)
