"""Learning curves page: how the model learns, what is left to the target, and whether it is time to stop."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from analytics.data.queries import latest_model
from analytics.data.training_status import training_news
from analytics.learning_curves.report import (
    MAX_SHOWN,
    LearningCurve,
    chart_of,
    curves_report,
    expected,
    is_target_reached,
)
from analytics.learning_curves.stopping import sentences, stopping_advice, title
from analytics.learning_curves.wording import curves_headline, gain_sentence, hours_range, name_of, sentence
from labeling.projects.models import Membership
from labeling.training.model_status import missing_model
from labeling.web.access import for_members
from labeling.web.components.polling import is_update, live, render_live


@require_safe
@for_members
def curves(request: HttpRequest, member: Membership) -> HttpResponse:
    project = member.project
    advice = stopping_advice(project)
    newest = latest_model(project)
    news = training_news(project, newest.number if newest else 0)
    shown: dict[str, Any] = {
        "member": member,
        "newest": newest,
        "training": news.training,
        "stopping": {
            "standing": advice.standing,
            "title": title(advice, is_target_reached(project)),
            "sentences": sentences(advice),
        },
        "live": live(request, [newest and newest.number, news.training], is_busy=news.training is not None),
    }
    if not is_update(request):
        shown |= _page(request, member)
        shown["status"] = None if newest else missing_model(project)
    return render_live(
        request, "analytics/learning_curves/page.html", "analytics/learning_curves/_stopping.html", shown
    )


def _page(request: HttpRequest, member: Membership) -> dict[str, Any]:
    project = member.project
    report = curves_report(project, MAX_SHOWN)
    curve = report.curve(request.GET.get("of", ""))
    return {
        "report": report,
        "headline": curves_headline(report),
        "gain": gain_sentence(report),
        "curve": curve,
        "name": name_of(curve),
        "said": sentence(curve, project.target_f1),
        "chart": chart_of(curve, project.target_f1),
        "expected": expected(curve)[5::6],
        "rows": [_row(item, project.target_f1) for item in [*report.overall, *report.classes]],
    }


def _row(curve: LearningCurve, target: float) -> dict[str, Any]:
    return {
        "curve": curve,
        "name": name_of(curve),
        "said": sentence(curve, target),
        "hours": hours_range(curve.hours) if not curve.is_reached else "",
    }
