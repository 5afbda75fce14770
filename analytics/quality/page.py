"""Model quality page: every measure of the model, and whether its probabilities can be believed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics.charts.probabilities import precision_recall_chart, reliability_diagram, share_interval
from analytics.quality.report import quality
from analytics.quality.wording import averages, quality_headline
from labeling.projects.models import Membership
from labeling.web.access import for_members


@require_safe
@for_members
def page(request: HttpRequest, member: Membership) -> HttpResponse:
    quality_report = quality(member.project, request.GET.get("class", ""), request.GET.get("model"))
    shown: dict[str, Any] = {
        "member": member,
        "quality": quality_report,
        "choice": quality_report.choice,
        "retired": quality_report.retired,
        "headline": quality_headline(quality_report),
        "averages": averages(quality_report),
    }
    if quality_report.probabilities:
        bins = [
            (score_bin, share_interval(score_bin))
            for score_bin in quality_report.probabilities.calibration.bins
        ]
        shown |= {"bins": bins, "diagram": reliability_diagram(bins)}
    if quality_report.chosen:
        threshold = quality_report.chosen.row.threshold
        shown["curve"] = precision_recall_chart(
            quality_report.chosen.curve, threshold.value if threshold else None
        )
    return render(request, "analytics/quality/page.html", shown)
