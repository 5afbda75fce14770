"""Label savings page: what the queue has saved on this project's own labels, and finding it out again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from analytics.metrics.measures import Interval, Measure
from analytics.savings.live import live_report
from analytics.savings.report import CurveRow, savings_headline, savings_report
from analytics.savings.tuning_trials import trials
from labeling.exceptions import NothingToReplay
from labeling.learning.evaluation.control_arm import CurvePoint
from labeling.projects.models import Membership
from labeling.replay import actions
from labeling.steering.actions import allow_fallback
from labeling.training import default_hyperparameters
from labeling.web.access import for_managers, person
from labeling.web.components.polling import is_update, live, render_live


@require_safe
@for_managers
def savings(request: HttpRequest, member: Membership) -> HttpResponse:
    report = savings_report(member.project)
    running, failure = report.running, report.failure
    shown: dict[str, Any] = {"member": member, "report": report, "headline": savings_headline(report)}
    shown["live"] = live(request, [running, failure, report.n_curves], is_busy=not failure)
    if not is_update(request):
        shown |= {"trials": trials(member.project), **_live(member)}
    page, part = "analytics/savings/page.html", "analytics/savings/_replay.html"
    return render_live(request, page, part, shown, is_over=running is None)


def _live(member: Membership) -> dict[str, Any]:
    report = live_report(member.project)
    keys = {"queue": "default", "random": "measured", "extrapolated": "extrapolated"}
    names = {line.key: line.name for line in report.chart.lines} if report.chart else {}
    points = [(names[keys[arm]], [_row(point) for point in rows]) for arm, rows in report.points.items()]
    return {"live_report": report, "live_points": points}


def _row(point: CurvePoint) -> CurveRow:
    quality = point.quality
    return CurveRow(point.labels, [Measure(quality.value, interval=Interval(quality.low, quality.high))])


@require_POST
@for_managers
def fallback(request: HttpRequest, member: Membership) -> HttpResponse:
    """Let the queue fall back to random sampling by itself, or not."""
    allow_fallback(member.project_id, person(request), request.POST.get("falls_back") == "on")
    messages.success(request, _("Saved. The queue updates within seconds."))
    return redirect("analytics:savings", member.project_id)


@require_POST
@for_managers
def replay(request: HttpRequest, member: Membership) -> HttpResponse:
    try:
        actions.ask(member.project_id, person(request))
    except NothingToReplay as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The replay runs in the background. It takes a few minutes."))
    return redirect("analytics:savings", member.project_id)


@require_POST
@for_managers
def use_defaults(request: HttpRequest, member: Membership) -> HttpResponse:
    if default_hyperparameters.use_defaults(member.project_id, person(request)):
        messages.success(
            request, _("The next training uses the default hyperparameters until others are tried.")
        )
    return redirect("analytics:savings", member.project_id)
