"""Submission context: all that decides what becomes of answers on their way in, read under locks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.translation import gettext as _

from labeling.actions.answers import LabelValue
from labeling.actions.idempotency import check_key
from labeling.exceptions import InvalidInput, LabelingError, LeaseNotFound
from labeling.models import Annotation, Document, read_lease_token
from labeling.models import answer_statements as sql
from labeling.models.prepared import run

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Token = tuple[int, int]  # a lease, and the epoch of the claim that took it


@dataclass(frozen=True)
class Submission:
    """An answer on its way in."""

    token: str
    labels: Sequence[LabelValue]
    key: str | None = None  # made by the client, so that a retry is recognised
    seconds: float | None = None  # of focused work
    suggestion: Any = None  # what the annotator was shown
    note: str = ""
    is_machine: bool = False  # whether a program decided it

    @property
    def source(self) -> Annotation.Source:
        return Annotation.Source.MACHINE if self.is_machine else Annotation.Source.PERSON


@dataclass(frozen=True)
class Facts:
    """All that decides what becomes of an answer, as read under the lock on its document."""

    lease_id: int
    annotator_id: int
    state: str  # of the lease, like the three below
    epoch: int
    round: int
    slot: int | None  # that the lease holds: none once it has ended or run out
    kind: str  # of the project, like the two below
    overlap: int
    allows_overlapping_spans: bool
    is_member: bool
    classes: list[UUID]  # those that may be chosen now
    same_lease_id: int | None  # the annotation already stored under this token
    same_lease_hash: bytes | None
    same_key_id: (
        int | None
    )  # the annotation already stored under this key in this project, like the two below
    same_key_note: str | None
    same_key_suggestion: str | None  # as JSON
    head_id: int | None  # the annotator's last counted word on this document: a withdrawal, after an undo
    slots_of_others: list[int]
    submitted: int


def read_tokens(submissions: Mapping[int, Submission]) -> dict[int, Token]:
    """The lease and epoch of each submission. Raises LeaseNotFound, InvalidInput."""
    tokens: dict[int, Token] = {}
    for place, submission in submissions.items():
        with named(place):
            _check_submission(submission)
            tokens[place] = read_lease_token(submission.token)
    return tokens


def lock_documents(submissions: Mapping[int, Submission], tokens: Mapping[int, Token]) -> dict[int, Document]:
    """The document of each submission, locked by rising id like everywhere: so nobody waits in a circle."""
    has_spans = any(label.start is not None for s in submissions.values() for label in s.labels)
    leases = [token[0] for token in tokens.values()]
    found = run(sql.LOCK_LEASED, {"leases": leases, "with_text": has_spans})
    documents = {
        lease: Document(
            pk=pk, state=state, round=round_, extra_slots=extra, is_gold=is_gold, split=split, text=text
        )
        for lease, pk, state, round_, extra, is_gold, split, text in found
    }
    for place, token in tokens.items():
        with named(place):
            if token[0] not in documents:
                raise LeaseNotFound
    return {place: documents[token[0]] for place, token in tokens.items()}


def _check_submission(submission: Submission) -> None:
    check_key(submission.key)
    seconds = 0.0 if submission.seconds is None else submission.seconds
    if not 0 <= seconds < inf:
        raise InvalidInput(_("A time is never below zero."))


def read_facts(
    annotator: User, submissions: Mapping[int, Submission], tokens: Mapping[int, Token]
) -> dict[int, Facts]:
    """What decides about each submission, now that its document is locked."""
    given = {
        "annotator": annotator.pk,
        "leases": [token[0] for token in tokens.values()],
        "epochs": [token[1] for token in tokens.values()],
        "keys": [submission.key or None for submission in submissions.values()],
        "classes": list({label.label_class for s in submissions.values() for label in s.labels}),
    }
    rows = run(sql.SUBMIT_FACTS, given)
    return {place: Facts(*row) for place, row in zip(submissions, rows, strict=True)}


@contextmanager
def named(place: int) -> Iterator[None]:
    """An error in here says which submission it is about."""
    try:
        yield
    except LabelingError as error:
        error.facts["item"] = place
        raise
