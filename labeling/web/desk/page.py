"""Labeling page: a document is shown, one answer comes back, and the next one follows.

These are the plain forms, which need no script; `labeling.web.desk.prefetch` answers the page's script.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from labeling.annotations import corrections
from labeling.annotations.models import Annotation
from labeling.desk.actions import MAX_PREFETCH, Desk, open_desk
from labeling.exceptions import LabelingError, NotFound
from labeling.projects.models import Membership
from labeling.queue.claims import Claimed
from labeling.queue.models import Lease, read_lease_token
from labeling.web.access import another_person, for_members, for_people, person
from labeling.web.desk import operations
from labeling.web.desk.context import keys_of, part
from labeling.web.desk.form_values import EnteredAnswer

MAX_HEARTBEAT_SECONDS = 60  # between two calls that hold what is on the desk
LOOK_AGAIN_SECONDS = (5, 300)  # a page that waits for a document asks again within these bounds


@dataclass(frozen=True)
class PageState:
    """What was on the page before and stays: the document, and what was chosen or entered for it."""

    lease_id: int = 0
    entered: EnteredAnswer = field(default_factory=EnteredAnswer)
    status: int = 200


@require_http_methods(["GET", "HEAD", "POST"])
@for_people
def label(request: HttpRequest, project_id: int) -> HttpResponseBase:
    """GET shows the document in hand, or claims one. POST stores its answer and goes on to the next."""
    if request.method != "POST":
        return _show(request, project_id, _asked_for(request, project_id))
    return _answered(request, project_id)


@for_members
def _answered(request: HttpRequest, member: Membership) -> HttpResponse:
    try:
        done = operations.answer(person(request), member.project_id, request.POST, member.project.kind)
    except LabelingError as error:
        messages.error(request, operations.refusal(error))
        if operations.can_mend(error):
            return _show(request, member.project_id, _kept(request))
    else:
        if done["outcome"] == "replay":
            messages.info(request, _("That annotation was already saved."))
        _warn(request, done)
    return redirect("labeling:label", member.project_id)


@require_POST
@for_members
def skip(request: HttpRequest, member: Membership) -> HttpResponse:
    """Never show this document to this person again."""
    return _done(request, member, operations.skip)


@require_POST
@for_members
def defer(request: HttpRequest, member: Membership) -> HttpResponse:
    """Later: the document comes back in an hour."""
    return _done(
        request, member, operations.defer, _("Postponed for an hour. Others may label it in the meantime.")
    )


@require_POST
@for_members
def ask(request: HttpRequest, member: Membership) -> HttpResponse:
    """Ask the adjudicators about the document, and go on with another one."""
    return _done(
        request, member, operations.ask, _("Question sent. The document comes back to you with the reply.")
    )


@require_POST
@for_members
def undo(request: HttpRequest, member: Membership) -> HttpResponse:
    """Take back the latest (or this) answer; its document is in hand again, as it was answered."""
    requested = request.POST.get("annotation", "")
    annotation_id = (
        (int(requested) if requested.isdecimal() and len(requested) < 18 else 0) if requested else None
    )
    wants_part = request.headers.get("X-Desk") == "part"
    if other := another_person(request, request.POST.get("person", "")):
        return other
    try:
        lease = corrections.undo(member.project_id, person(request), annotation_id)
    except LabelingError as error:
        if wants_part:
            return JsonResponse({"message": error.message}, status=422)
        messages.warning(request, error.message)
        return redirect("labeling:label", member.project_id)
    if wants_part:
        desk = open_desk(member.project_id, person(request), requested=lease.pk)
        is_held = any(document.lease_id == lease.pk for document in desk.documents)
        return HttpResponse(part_of(request, desk, _taken_back(lease).entered if is_held else None))
    messages.info(request, _("Undone. Your previous annotation is restored."))
    return redirect(f"{reverse('labeling:label', args=[member.project_id])}?lease={lease.pk}")


def part_of(request: HttpRequest, desk: Desk, entered: EnteredAnswer | None = None) -> str:
    """The parts of these documents as HTML, or the one that says why there is none."""
    if not desk.documents:
        return render_to_string("labeling/_desk_nothing.html", about(desk, None, EnteredAnswer()), request)
    pages = [about(desk, document, entered or EnteredAnswer()) for document in desk.documents]
    return "".join(render_to_string("labeling/_desk_part.html", page, request) for page in pages)


def about(desk: Desk, document: Any, entered: EnteredAnswer) -> dict[str, Any]:
    """The context of a part: one document, or none."""
    return {
        "member": desk.member,
        "facts": desk.facts,
        "document": document,
        "key": uuid.uuid4().hex,
        "empty_because": desk.claimed.empty_because,
        "retry_after": _look_again(desk.claimed),
        "keys": keys_of(desk.facts, desk.member),
        **(part(document, desk.facts, desk.member, entered) if document else {}),
    }


def _show(request: HttpRequest, project_id: int, shown: PageState) -> HttpResponse:
    """The page, around the document that was shown before, else the one in hand, else a newly claimed one."""
    desk = open_desk(project_id, person(request), requested=shown.lease_id)
    document = desk.documents[0] if desk.documents else None
    is_same = document is not None and document.lease_id == shown.lease_id
    project = desk.member.project
    context = about(desk, document, shown.entered if is_same else EnteredAnswer()) | {
        "most_ahead": min(MAX_PREFETCH, project.lease_cap // 2),
        "beat_seconds": min(MAX_HEARTBEAT_SECONDS, project.lease_minutes * 60 // 4),
    }
    return render(request, "labeling/label.html", context, status=shown.status)


def _done(
    request: HttpRequest, member: Membership, operation: operations.Operation, message: str = ""
) -> HttpResponse:
    """Do it and go on, by a redirect: a reload or the back button sends nothing twice."""
    try:
        done = operation(person(request), member.project_id, request.POST)
    except NotFound:
        messages.warning(request, operations.gone())
    except LabelingError as error:
        messages.error(request, error.message)
    else:
        if message and not done["message"]:
            messages.info(request, message)
        _warn(request, done)
    return redirect("labeling:label", member.project_id)


def _warn(request: HttpRequest, done: operations.Outcome) -> None:
    """Only what people would not expect is said."""
    if done["message"]:
        messages.warning(request, done["message"])


def _look_again(claimed: Claimed) -> int | None:
    if claimed.retry_after is None:
        return None
    shortest, longest = LOOK_AGAIN_SECONDS
    return min(max(claimed.retry_after, shortest), longest)


def _kept(request: HttpRequest) -> PageState:
    """The document whose answer could not be used, with what was entered."""
    try:
        lease_id, _epoch = read_lease_token(request.POST.get("token", ""))
    except LabelingError:
        return PageState(status=422)
    return PageState(lease_id, EnteredAnswer.of_post(request.POST), 422)


def _asked_for(request: HttpRequest, project_id: int) -> PageState:
    """After an undo: that document, as it was answered."""
    requested = request.GET.get("lease", "")
    if not requested.isdecimal() or len(requested) > 18:
        return PageState()
    lease = Lease.objects.live().of(person(request)).filter(project=project_id, pk=requested).first()
    return _taken_back(lease) if lease else PageState()


def _taken_back(lease: Lease) -> PageState:
    answers = Annotation.objects.filter(lease=lease, is_withdrawal=False).order_by("-pk")
    latest = answers.prefetch_related("labels").first()
    return PageState(lease.pk, EnteredAnswer.of_annotation(latest) if latest else EnteredAnswer())
