"""Desk operations: what can be done with a document. Each takes the fields of its form, whoever sent them.

The plain forms and the page's script end here alike; an operation is named by `data-do` on its form.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from labeling.annotations import corrections, questions, skipping, submit
from labeling.exceptions import (
    AnswerConflict,
    InvalidAnswer,
    InvalidInput,
    KeyReused,
    LabelingError,
    LeaseStale,
)
from labeling.idempotency.requests import MAX_KEY_LENGTH
from labeling.queue import claims
from labeling.queue.models import lease_token
from labeling.web.desk.forms import AnswerForm

Outcome = dict[str, Any]  # "message" where people would not expect it, and what the script needs to go on
Operation = Callable[[User, int, QueryDict], Outcome]


class Unreadable(LabelingError):
    "The form is incomplete. Check the fields and try again."

    summary = gettext_noop("The form is incomplete. Check the fields and try again.")

    @property
    def message(self) -> str:
        return self.detail


def answer(annotator: User, project_id: int, sent: QueryDict, kind: str = "") -> Outcome:
    """Store the answer. Raises Unreadable, and as `annotations.submit` does."""
    form = AnswerForm(sent, kind)
    if not form.is_valid():
        raise Unreadable(form.complaint)
    cleaned = form.cleaned_data
    submission = submit.Submission(
        token=cleaned["token"],
        labels=cleaned["labels"],
        key=cleaned["key"] or None,
        seconds=cleaned["seconds"],
        suggestion=cleaned["suggestion"],
        note=cleaned["note"],
    )
    submitted = submit.submit(annotator, submission)
    return {
        "outcome": submitted.outcome,
        "message": _too_late() if submitted.outcome == "surplus" else "",
        "settled": submitted.looks_settled,
        "url": f"{reverse('labeling:correct', args=[project_id, submitted.annotation_id])}?next=desk",
    }


def skip(annotator: User, project_id: int, sent: QueryDict) -> Outcome:
    """Never show this document to this person again. Raises as `queue.skip` does, but not LeaseStale."""
    try:
        skipping.skip(sent.get("token", ""), annotator, sent.get("reason", "").strip(), _key(sent))
    except LeaseStale:
        return {"message": gone()}
    return {"message": ""}


def defer(annotator: User, project_id: int, sent: QueryDict) -> Outcome:
    """Later: the document comes back in an hour. Raises as `queue.defer` does, but not LeaseStale."""
    try:
        claims.defer(sent.get("token", ""), annotator, key=_key(sent))
    except LeaseStale:
        return {"message": gone()}
    return {"message": ""}


def ask(annotator: User, project_id: int, sent: QueryDict) -> Outcome:
    """Ask the adjudicators about the document. Raises as `questions.ask` does, but not LeaseStale."""
    try:
        questions.ask(sent.get("token", ""), annotator, sent.get("text", ""), _key(sent))
    except LeaseStale:
        return {"message": gone()}
    except KeyReused as error:
        raise Unreadable(
            _("You already asked a question from this page. Reload it to ask another.")
        ) from error
    except InvalidInput as error:
        raise Unreadable(error.detail) from error
    return {"message": ""}


def undo(annotator: User, project_id: int, sent: QueryDict) -> Outcome:
    """Take back the answer that was stored under the key in `answer`; the lease goes on under a new token."""
    lease = corrections.undo(project_id, annotator, answer_key=sent.get("answer", ""))
    return {"message": "", "token": lease_token(lease.pk, lease.epoch), "settled": False}


def _key(sent: QueryDict) -> str:
    return sent.get("key", "")[:MAX_KEY_LENGTH]


OPERATIONS: dict[str, Operation] = {"answer": answer, "skip": skip, "defer": defer, "ask": ask, "undo": undo}


def refusal(error: LabelingError) -> str:
    """Why the service did not do it, in words for whoever works at the desk."""
    if isinstance(error, AnswerConflict | KeyReused):
        return _(
            "You already labeled this document, perhaps in another window. To change your annotation,"
            " open My annotations."
        )
    return error.message


def can_mend(error: LabelingError) -> bool:
    """Whether the same document can be answered better, under the same lease."""
    return isinstance(error, Unreadable | InvalidAnswer)


def gone() -> str:
    return _("Your lock on that document had already expired.")


def _too_late() -> str:
    return _(
        "Your lock on that document expired, and others have labeled it. Your annotation is kept but "
        "does not count."
    )
