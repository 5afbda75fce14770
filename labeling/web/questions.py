"""Question pages: what annotators asked, and what is replied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from labeling.annotations import questions
from labeling.annotations.models import Question
from labeling.documents.models import Document
from labeling.exceptions import AlreadyReplied, InvalidInput
from labeling.projects.models import Membership
from labeling.web.access import for_adjudicators, person

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_SHOWN = 50  # of those that wait; the oldest first, so none is forgotten
MAX_OWN_QUESTIONS = 10


def waiting(member: Membership) -> Sequence[Question]:
    """Questions of the project that nobody has replied to, with their documents and askers."""
    questions = Question.objects.waiting().filter(project=member.project_id)
    return list(questions.select_related("document", "asker")[:MAX_SHOWN])


def own(member: Membership, user: User) -> Sequence[Question]:
    """This person's latest questions, with what was replied."""
    questions = Question.objects.filter(project=member.project_id, asker=user)
    return list(questions.select_related("document", "answerer").order_by("-pk")[:MAX_OWN_QUESTIONS])


@require_POST
@for_adjudicators
def reply(request: HttpRequest, member: Membership, question_id: int) -> HttpResponse:
    """Reply, so that the document comes back to who asked; or decide the document in their place."""
    text, judge = request.POST.get("text", ""), person(request)
    try:
        if "decide" not in request.POST:
            questions.reply(member.project_id, question_id, judge, text)
            messages.success(
                request, _("Reply sent. The document goes back to the annotator with your reply.")
            )
            return redirect("labeling:disputes", member.project_id)
        document = questions.take_up(member.project_id, question_id, judge, text)
    except InvalidInput as error:
        messages.error(request, error.detail)
    except AlreadyReplied as error:
        messages.info(request, error.message)
    else:
        if document.state == Document.State.DISPUTED:
            return redirect("labeling:dispute", member.project_id, document.pk)
        messages.info(request, _("This document is already labeled. The question is closed."))
    return redirect("labeling:disputes", member.project_id)
