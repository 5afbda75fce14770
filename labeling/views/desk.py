"""What happens on the label page? A document is shown, one answer comes back, and the next one follows."""

import uuid
from dataclasses import dataclass, field, replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from labeling.actions import annotations, corrections, questions, queue
from labeling.exceptions import (
    AnswerConflict,
    InvalidAnswer,
    InvalidInput,
    KeyReused,
    LabelingError,
    LeaseStale,
    NotFound,
)
from labeling.forms.answers import AnswerForm
from labeling.models import Annotation, Lease, Membership, read_lease_token
from labeling.models.desk import desk_facts
from labeling.views.access import for_members, person
from labeling.views.given import Given
from labeling.views.parts import part

LOOK_AGAIN_SECONDS = (5, 300)  # a page that waits for a document asks again within these bounds


@dataclass(frozen=True)
class Shown:
    """What was on the page before and stays: the document, and what was chosen or entered for it."""

    lease_id: int | None = None
    given: Given = field(default_factory=Given)
    status: int = 200


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def label(request: HttpRequest, member: Membership) -> HttpResponse:
    """GET shows the document in hand, or claims one. POST stores its answer and goes on to the next."""
    if request.method != "POST":
        return _show(request, member, _asked_for(request, member))
    form = AnswerForm(request.POST, member.project.kind)
    if not form.is_valid():
        messages.error(request, form.complaint)
        return _show(request, member, _kept(request, member))
    found = form.cleaned_data
    submission = annotations.Submission(
        token=found["token"],
        labels=found["labels"],
        key=found["key"] or None,
        seconds=found["seconds"],
        suggestion=found["suggestion"],
        note=found["note"],
    )
    try:
        submitted = annotations.submit(person(request), submission)
    except InvalidAnswer as error:
        messages.error(request, error.message)
        return _show(request, member, _kept(request, member))
    except (AnswerConflict, KeyReused):
        messages.warning(request, _("You answered this document already, in another window perhaps. That "
                                    "answer stands; change it under My work."))  # fmt: skip
    except LabelingError as error:
        messages.error(request, error.message)
    else:
        _tell(request, submitted)
    return _go_on(request, member)


@require_POST
@for_members
def skip(request: HttpRequest, member: Membership) -> HttpResponse:
    """Never show this document to this person again."""
    try:
        queue.skip(request.POST.get("token", ""), person(request), request.POST.get("reason", "").strip())
    except (LeaseStale, NotFound):
        _say_gone(request)
    return _go_on(request, member)


@require_POST
@for_members
def defer(request: HttpRequest, member: Membership) -> HttpResponse:
    """Not now: the document comes back in an hour."""
    try:
        queue.defer(request.POST.get("token", ""), person(request))
    except (LeaseStale, NotFound):
        _say_gone(request)
    else:
        messages.info(request, _("Put off for an hour. Others may take it meanwhile."))
    return _go_on(request, member)


@require_POST
@for_members
def ask(request: HttpRequest, member: Membership) -> HttpResponse:
    """Ask the adjudicators about the document, and go on with another one."""
    sent = request.POST
    try:
        questions.ask(sent.get("token", ""), person(request), sent.get("text", ""), sent.get("key", "")[:64])
    except InvalidInput as error:
        messages.error(request, error.detail)
    except NotFound:
        _say_gone(request)
    else:
        messages.info(request, _("Asked. The document comes back to you with the reply."))
    return _go_on(request, member)


@require_POST
@for_members
def undo(request: HttpRequest, member: Membership) -> HttpResponse:
    """Take back the latest (or this) answer; its document is in hand again, as it was answered."""
    wanted = request.POST.get("annotation", "")
    annotation_id = (int(wanted) if wanted.isdecimal() and len(wanted) < 18 else 0) if wanted else None
    try:
        lease = corrections.undo(member.project_id, person(request), annotation_id)
    except LabelingError as error:
        messages.warning(request, error.message)
        return _go_on(request, member)
    messages.info(request, _("Taken back. This is the document as you answered it."))
    if _wants_part(request):
        return _show(request, member, _taken_back(lease))
    return redirect(f"{reverse('labeling:label', args=[member.project_id])}?lease={lease.pk}")


def _go_on(request: HttpRequest, member: Membership) -> HttpResponse:
    """The next document in the same answer where the page's script asked; else by a redirect, so that a
    reload or the back button sends nothing twice."""
    if _wants_part(request):
        return _show(request, member, Shown())
    return redirect("labeling:label", member.project_id)


def _show(request: HttpRequest, member: Membership, shown: Shown) -> HttpResponse:
    """The page, around the document that was shown before, else the one in hand, else a newly claimed one."""
    annotator = person(request)
    held = queue.held_by(member.project_id, annotator)
    claimed = queue.Claimed(held) if held else queue.claim(member.project_id, annotator)
    documents = claimed.documents
    document = next((d for d in documents if d.lease_id == shown.lease_id), None)
    if document is None:
        document, shown = (documents[0] if documents else None), replace(shown, given=Given())
    facts = desk_facts(member.project_id, annotator.pk)
    context = {
        "member": member,
        "facts": facts,
        "document": document,
        "key": uuid.uuid4().hex,
        "empty_because": claimed.empty_because,
        "retry_after": _look_again(claimed),
        **(part(document, facts, member, shown.given) if document else {}),
    }
    page = "labeling/_desk.html" if _wants_part(request) else "labeling/label.html"
    response = render(request, page, context, status=shown.status)
    response["X-Desk"] = "part" if _wants_part(request) else "page"
    return response


def _look_again(claimed: queue.Claimed) -> int | None:
    if claimed.retry_after is None:
        return None
    least, most = LOOK_AGAIN_SECONDS
    return min(max(claimed.retry_after, least), most)


def _kept(request: HttpRequest, member: Membership) -> Shown:
    """The document whose answer could not be used, with what was entered."""
    try:
        lease_id, _epoch = read_lease_token(request.POST.get("token", ""))
    except LabelingError:
        return Shown(status=422)
    return Shown(lease_id, Given.of_post(request.POST), 422)


def _asked_for(request: HttpRequest, member: Membership) -> Shown:
    """After an undo: that document, as it was answered."""
    wanted = request.GET.get("lease", "")
    if not wanted.isdecimal() or len(wanted) > 18:
        return Shown()
    lease = Lease.objects.live().of(person(request)).filter(project=member.project_id, pk=wanted).first()
    return _taken_back(lease) if lease else Shown()


def _taken_back(lease: Lease) -> Shown:
    answers = Annotation.objects.filter(lease=lease, is_withdrawal=False).order_by("-pk")
    latest = answers.prefetch_related("labels").first()
    return Shown(lease.pk, Given.of_annotation(latest) if latest else Given())


def _tell(request: HttpRequest, submitted: annotations.Submitted) -> None:
    """Only what people would not expect is said."""
    if submitted.outcome == "surplus":
        messages.warning(request, _("Your time for that document was over and others have settled it. Your "
                                    "answer is kept, but does not count."))  # fmt: skip
    elif submitted.outcome == "replay":
        messages.info(request, _("That answer was stored already."))


def _say_gone(request: HttpRequest) -> None:
    messages.warning(request, _("Your time for that document was over, so it had gone back already."))


def _wants_part(request: HttpRequest) -> bool:
    return request.headers.get("X-Desk") == "part"
