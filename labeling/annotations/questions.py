"""Annotator questions: a document is put aside for the asker until an adjudicator replies."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from labeling.annotations.models import Question
from labeling.annotations.resolution import dispute
from labeling.db.clock import Now
from labeling.documents.models import Document
from labeling.exceptions import AlreadyReplied, InvalidInput, LeaseNotFound, LeaseStale, NotAllowed, NotFound
from labeling.idempotency.models import KeyedRequest
from labeling.idempotency.requests import begin
from labeling.projects.members import member_of
from labeling.queue import claims
from labeling.queue.models import Lease, read_lease_token

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_CHARACTERS = 1000
WAITS_MINUTES = 60 * 24 * 30  # the asker does not see the document again before this, or the reply


@transaction.atomic
def ask(token: str, user: User, text: str, key: str = "") -> Question:
    """Ask the adjudicators about the leased document, and put it off until they reply; others may take it.

    The same `key` again gives the same question. A question that comes after the lease has ended is asked
    all the same. Raises InvalidInput (empty or over 1000 characters), LeaseNotFound, NotAMember, and
    KeyReused for another question under the key.
    """
    text = _checked(text)
    lease_id, _epoch = read_lease_token(token)
    lease = Lease.objects.filter(pk=lease_id, annotator=user).first()
    if lease is None:
        raise LeaseNotFound
    member_of(lease.project_id, user)
    request = begin(user, lease.project_id, KeyedRequest.Route.ASK, key, token, text)
    if request.is_repeated:
        return Question.objects.get(pk=request.result)
    with suppress(LeaseStale):
        claims.defer(token, user, WAITS_MINUTES)
    question = Question.objects.create(
        project_id=lease.project_id, document_id=lease.document_id, asker=user, text=text
    )
    request.finish(question.pk)
    return question


@transaction.atomic
def reply(project_id: int, question_id: int, adjudicator: User, text: str) -> Question:
    """Answer the question. Its document comes back to the asker with the reply, while it is open to them.

    Raises NotAllowed, NotFound, InvalidInput, and AlreadyReplied where another reply stands.
    """
    text = _checked(text)
    question = _locked(project_id, question_id, adjudicator)
    if question.answered_at is not None:
        if (question.reply, question.answerer_id) == (text, adjudicator.pk):
            return question
        raise AlreadyReplied
    _answer(question, adjudicator, text)
    waiting = Lease.objects.filter(
        document=question.document_id, annotator=question.asker_id, state=Lease.State.DEFERRED
    )
    waiting.update(deferred_until=Now())
    return question


@transaction.atomic
def take_up(project_id: int, question_id: int, adjudicator: User, text: str = "") -> Document:
    """The adjudicator will decide: the question is closed, with a reply or without, and its document is in
    dispute where it was open. Raises NotAllowed, NotFound, InvalidInput, and AlreadyReplied.
    """
    text = _checked(text) if text.strip() else ""
    question = _locked(project_id, question_id, adjudicator)
    if question.answered_at is not None:
        raise AlreadyReplied
    document = Document.objects.get(pk=question.document_id)
    if document.state == Document.State.OPEN:
        dispute(document)
    _answer(question, adjudicator, text)
    return document


def _checked(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= MAX_CHARACTERS or "\0" in text:
        raise InvalidInput(_("Write between 1 and {most} characters.").format(most=MAX_CHARACTERS))
    return text


def _locked(project_id: int, question_id: int, adjudicator: User) -> Question:
    """The question, with its document locked first as everywhere. Raises NotAllowed, NotFound."""
    if not member_of(project_id, adjudicator).may_adjudicate:
        raise NotAllowed
    questions = Question.objects.filter(project=project_id, pk=question_id)
    document = Document.objects.select_for_update(of=("self",), no_key=True)
    if not document.filter(questions__in=questions).values_list("pk").first():
        raise NotFound
    return questions.select_related("document").get()


def _answer(question: Question, adjudicator: User, text: str) -> None:
    question.reply, question.answerer = text, adjudicator
    Question.objects.filter(pk=question.pk).update(reply=text, answerer=adjudicator, answered_at=Now())
