"""Model pages: the models in a list, the one to use, and two of them held against each other."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from analytics.class_report.bias import bias_report
from analytics.class_report.bias import title as bias_title
from analytics.data.queries import active_classes
from analytics.data.scores import scores
from analytics.model_versions.report import standing_of, version_rows, versions_headline
from analytics.model_versions.test_set_versions import held_out_then, test_sets
from analytics.models import TestSetVersion
from labeling.annotations.test_labels import labeled_test_set
from labeling.deployments import downloads
from labeling.exceptions import LabelingError
from labeling.exchange.downloads import download as streamed
from labeling.predictions import promotions
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Membership
from labeling.training.model_status import HAS_MODEL, missing_model
from labeling.web.access import for_managers, person

PER_PAGE = 20


@require_safe
@for_managers
def models(request: HttpRequest, member: Membership) -> HttpResponse:
    project = member.project
    classes = active_classes(project)
    standing = standing_of(project, classes)
    status = HAS_MODEL if standing.used else missing_model(project)
    labeled = labeled_test_set(project.pk)
    versions = (
        ModelVersion.objects.filter(project=project)
        .select_related("guideline", "project")
        .order_by("-number")
    )
    page = Paginator(versions, PER_PAGE).get_page(request.GET.get("page"))
    shown: dict[str, Any] = {
        "member": member,
        "headline": versions_headline(standing) if standing.used else status.title,
        "standing": standing,
        "status": status,
        "page": page,
        "rows": version_rows(project, list(page), standing, classes, labeled),
        "test_sets": test_sets(project, labeled),
        "test_documents": len(labeled),
        "then": _on_older(request, member, standing.used),
    }
    if "bias" in request.GET:
        report = bias_report(project, classes)
        shown["bias"] = report
        shown["bias_title"] = bias_title(report)
    return render(request, "analytics/model_versions/page.html", shown)


def _on_older(request: HttpRequest, member: Membership, used: ModelVersion | None) -> dict[str, Any] | None:
    """The model in use on the test set that the page asks for, by the labels of then."""
    number = request.GET.get("test_set", "")
    if used is None or not number.isdecimal() or len(number) > 9:
        return None
    test_set = TestSetVersion.objects.filter(project=member.project_id, number=int(number)).first()
    if test_set is None:
        return None
    held_out = held_out_then(member.project, used, test_set)
    return {
        "test_set": test_set,
        "documents": len(held_out),
        "of": len(test_set.annotations),
        "scores": scores(member.project.kind, held_out) if len(held_out) else None,
    }


@require_POST
@for_managers
def promote(request: HttpRequest, member: Membership, number: int) -> HttpResponse:
    try:
        promotions.promote(member.project_id, person(request), number)
    except LabelingError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            _(
                "Model {number} is in use within seconds and stays in use when newer models are "
                "trained. “Always use latest” undoes this."
            ).format(number=number),
        )
    return redirect("analytics:models", member.project_id)


@require_safe
@for_managers
def download(request: HttpRequest, member: Membership, number: int) -> HttpResponseBase:
    """The model as a zip, or the page that says why it cannot be had."""
    version = downloads.version_of(member.project, number)
    try:
        pieces = downloads.archive(version)
    except LabelingError as error:
        messages.error(request, error.message)
        return redirect("analytics:models", member.project_id)
    return streamed(pieces, f"{downloads.folder_name(version)}.zip", "application/zip")


@require_POST
@for_managers
def follow_newest(request: HttpRequest, member: Membership) -> HttpResponse:
    if promotions.follow_newest(member.project_id, person(request)):
        messages.success(request, _("From now on, each new model is used as soon as it is ready."))
    return redirect("analytics:models", member.project_id)


@require_POST
@for_managers
def note(request: HttpRequest, member: Membership, number: int) -> HttpResponse:
    try:
        promotions.write_note(member.project_id, person(request), number, request.POST.get("note", ""))
    except LabelingError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Note on model {number} saved.").format(number=number))
    return redirect("analytics:models", member.project_id)
