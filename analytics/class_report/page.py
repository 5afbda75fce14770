"""Class report page: how good each class is, and a request for more labels of the weak ones."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from analytics.class_report.annotator_accuracy import gold_rows
from analytics.class_report.bias import BiasReport, bias_report
from analytics.class_report.class_needs import evidence_of_now
from analytics.class_report.guidance.labels import weak_rows
from analytics.class_report.guidance.ranked import MAX_FINDINGS, class_report_headline, findings
from analytics.class_report.queue_mix import queue_mix
from analytics.class_report.report import ClassReport, class_report
from analytics.data.links import test_set_address
from analytics.data.queries import latest_model
from analytics.data.request_sizes import WANTED_LABELS
from analytics.data.training_status import training_news
from analytics.learning_curves.report import chart_of, macro_curve
from analytics.learning_curves.stopping import sentences, stopping_advice, title
from analytics.learning_curves.wording import labels_left, sentence
from labeling.formatting import either, every
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Membership
from labeling.steering import actions
from labeling.web.access import for_managers, for_members, person
from labeling.web.components.polling import is_update, live

CLASS_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@require_safe
@for_members
def classes(request: HttpRequest, member: Membership) -> HttpResponse:
    report = class_report(member.project, request.GET.get("model"))
    ranked = findings(report)
    is_crossed = _is_crossed(report, request.GET.get("numbers", ""))
    shown: dict[str, Any] = {
        "member": member,
        "report": report,
        "choice": report.choice,
        "retired": report.retired,
        "may_steer": member.may_manage and report.choice.is_in_use,
        "headline": class_report_headline(report),
        "findings": ranked[:MAX_FINDINGS],
        "more_findings": ranked[MAX_FINDINGS:],
        "weak": {row.label_class.pk for row in weak_rows(report)},
        "is_crossed": is_crossed,
        "averages": report.crossed.scores if is_crossed and report.crossed else report.scores,
        "rows": [(row, row.crossed if is_crossed else row.scores) for row in report.rows],
        "links": test_set_address(member, report.version),
        "wanted": WANTED_LABELS,
        "bias": _bias(report) if request.GET.get("biased") == "1" else None,
    }
    if report.choice.is_in_use:
        shown |= _of_now(request, member, report)
    return render(request, "analytics/class_report/page.html", shown)


def _of_now(request: HttpRequest, member: Membership, report: ClassReport) -> dict[str, Any]:
    """What is not of a model, but of the project at this moment."""
    advice, curve = stopping_advice(member.project), macro_curve(member.project)
    return {
        "mix": queue_mix(report.queue),
        "curve": chart_of(curve, member.project.target_f1),
        "curve_said": sentence(curve, member.project.target_f1),
        "left": labels_left(curve),
        "people": gold_rows(member.project) if member.may_manage else (),
        "stopping": {
            "standing": advice.standing,
            "title": title(advice, report.is_target_reached),
            "sentences": sentences(advice),
        },
        **_news(request, member, report.version.number if report.version else 0),
    }


def _is_crossed(report: ClassReport, requested: str) -> bool:
    """Whether the table shows cross-validated numbers: as asked, else while the test set is small."""
    if report.crossed is None or requested == "test":
        return False
    return report.is_crossed or requested == "crossed"


def _bias(report: ClassReport) -> BiasReport:
    return bias_report(report.project, [row.label_class for row in report.rows])


@require_safe
@for_members
def news(request: HttpRequest, member: Membership) -> HttpResponse:
    """The line of the report that tells of trainings since; the page asks for it by itself."""
    shown = request.GET.get("shown", "")
    if not is_update(request) or not shown.isdecimal() or len(shown) > 9:
        return redirect("analytics:classes", member.project_id)
    context = {"member": member, **_news(request, member, int(shown))}
    return render(request, "analytics/class_report/_training_status.html", context)


def _news(request: HttpRequest, member: Membership, shown: int) -> dict[str, Any]:
    news = training_news(member.project, shown)
    return {"news": news, "shown": shown, "live": live(request, news, is_busy=news.training is not None)}


@require_POST
@for_managers
@transaction.atomic
def focus(request: HttpRequest, member: Membership, class_id: UUID) -> HttpResponse:
    """Ask for more of a class, and of another one where `also` names it: both or none."""
    requested = [class_id, *(UUID(pk) for pk in request.POST.getlist("also") if CLASS_ID.fullmatch(pk))]
    evidence_by_class = evidence_of_now(member.project)
    for pk in requested:
        reason = "Requested in the class report."  # stored: in no reader's language
        actions.focus_on(
            member.project_id, person(request), pk, WANTED_LABELS, reason, evidence_by_class.get(pk)
        )
    messages.success(request, _kept_focus(member, requested))
    back = "confusion" if request.POST.get("back") == "confusion" else "classes"
    return redirect(f"analytics:{back}", member.project_id)


def _kept_focus(member: Membership, requested: list[UUID]) -> str:
    """What the wish does now: a model that does not know the class cannot find documents for it."""
    classes = LabelClass.objects.filter(pk__in=requested)
    version = latest_model(member.project)
    unknown = [
        str(label_class.name)
        for label_class in classes
        if version is None or label_class.pk not in version.classes
    ]
    if unknown:
        message = _(
            "The request for {names} is saved. It takes effect once a model knows the class. Until "
            "then, add seed words to find documents."
        )
        return message.format(names=every(unknown))
    names = [str(label_class.name) for label_class in classes]
    if len(names) > 1:
        message = _(
            "The queue now prioritizes documents that may be {names}, until {n} more of each are labeled."
        )
        return message.format(names=either(names), n=WANTED_LABELS)
    message = _("The queue now prioritizes documents that may be {name}, until {n} more are labeled.")
    return message.format(name=names[0], n=WANTED_LABELS)


@require_POST
@for_managers
def end_focus(request: HttpRequest, member: Membership, class_id: UUID) -> HttpResponse:
    if actions.end_focus(member.project_id, person(request), class_id):
        messages.success(
            request, _("Stopped. The queue returns to its usual composition with the next ranking.")
        )
    return redirect("analytics:classes", member.project_id)
