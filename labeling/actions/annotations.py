"""What becomes of an answer? Stored for ever, counted where its slot is still free, never doubled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from labeling.actions.answers import Answer, AnswerRules, LabelValue, answer_hash, checked
from labeling.actions.settling import settle
from labeling.exceptions import (
    AnswerConflict,
    InvalidInput,
    KeyReused,
    LabelingError,
    LeaseNotFound,
    NotAMember,
)
from labeling.models import (
    Document,
    Lease,
    read_lease_token,
)
from labeling.models import statements as sql

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_SUBMITS = 500  # in one call


@dataclass(frozen=True)
class Submission:
    """An answer on its way in."""

    token: str
    labels: Sequence[LabelValue]
    key: str | None = None  # made by the client, so that a retry is recognised
    seconds: float | None = None  # of focused work
    suggestion: Any = None  # what the annotator was shown
    note: str = ""


@dataclass(frozen=True)
class Submitted:
    """What became of an answer."""

    annotation_id: int
    document_id: int
    outcome: str  # counted, surplus (its slot had gone to somebody else) or replay (it was here already)
    document_state: str


@dataclass(frozen=True)
class _Facts:
    """All that decides what becomes of an answer, as read under the lock on its document."""

    project_id: int
    annotator_id: int
    state: str  # of the lease, like the four below
    epoch: int
    round: int
    guideline_id: int | None
    slot: int | None  # that the lease holds: none once it has ended or run out
    kind: str  # of the project, like the two below
    overlap: int
    allows_overlapping_spans: bool
    is_member: bool
    classes: list[UUID]  # those that may be chosen now
    same_lease_id: int | None  # the annotation already stored under this token
    same_lease_hash: bytes | None
    same_lease_is_surplus: bool | None
    same_key_id: int | None  # the annotation already stored under this key
    head_id: int | None  # the annotator's last counted word on this document: a withdrawal, after an undo
    slots_of_others: list[int]
    submitted: int


@transaction.atomic
def submit(annotator: User, submission: Submission) -> Submitted:
    """Store the answer for the leased document and settle the document when it is complete.

    Raises LeaseNotFound for a token that is not this annotator's, NotAMember once removed from the project,
    InvalidAnswer (the lease stays), AnswerConflict for another answer to an answered lease, and KeyReused.
    A late answer is never refused: it counts while its slot is free, and is kept as surplus otherwise.
    """
    _check_submission(submission)
    lease_id, epoch = read_lease_token(submission.token)
    document = lock_document(leases=lease_id)
    facts = _submit_facts(lease_id, epoch, annotator, submission.key)
    rules = AnswerRules(facts.kind, facts.allows_overlapping_spans, frozenset(facts.classes))
    answer = checked(submission.labels, rules, document.text)
    digest = answer_hash(answer)
    if replayed := _replay(facts, document, digest):
        return replayed
    slot = _slot_to_fill(facts, document, epoch)
    annotation_id = _store(facts, submission, (document.pk, lease_id, epoch), answer, slot)
    if slot is None:
        return Submitted(annotation_id, document.pk, "surplus", document.state)
    state = settle(document, facts.overlap + document.extra_slots, latest=annotation_id)
    return Submitted(annotation_id, document.pk, "counted", state)


@transaction.atomic
def submit_many(annotator: User, submissions: Sequence[Submission]) -> list[Submitted]:
    """Submit all of them or none: the first that cannot be stored raises, naming its place in the list."""
    if len(submissions) > MOST_SUBMITS:
        raise InvalidInput(_("Send at most {most} answers in one call.").format(most=MOST_SUBMITS))
    done: dict[int, Submitted] = {}
    # Two calls that hold the same documents must lock them in the same order, or they wait for each other.
    for place in _in_locking_order(submissions):
        try:
            done[place] = submit(annotator, submissions[place])
        except LabelingError as error:
            error.facts["item"] = place
            raise
    return [done[place] for place in range(len(submissions))]


def _in_locking_order(submissions: Sequence[Submission]) -> list[int]:
    """Places in the order of their documents, so that two calls never wait for each other."""
    leases = {place: _lease_id(submission.token) for place, submission in enumerate(submissions)}
    documents = dict(Lease.objects.filter(pk__in=leases.values()).values_list("pk", "document_id"))
    return sorted(leases, key=lambda place: (documents.get(leases[place], 0), place))


def _lease_id(token: str) -> int:
    """0 for a token that is not ours: it fails in its turn, under its place in the list."""
    try:
        return read_lease_token(token)[0]
    except LeaseNotFound:
        return 0


def lock_document(**which: Any) -> Document:
    """The row that every change of a document's leases and answers waits for. Raises LeaseNotFound."""
    document = Document.objects.select_for_update(of=("self",), no_key=True).filter(**which).first()
    if document is None:
        raise LeaseNotFound
    return document


def _check_submission(submission: Submission) -> None:
    seconds = 0.0 if submission.seconds is None else submission.seconds
    if len(submission.key or "") > 64 or not 0 <= seconds < inf:
        raise InvalidInput(_("A key has at most 64 characters, and a time is never below zero."))


def _submit_facts(lease_id: int, epoch: int, annotator: User, key: str | None) -> _Facts:
    given = {"lease": lease_id, "epoch": epoch, "annotator": annotator.pk, "key": key or None}
    with connection.cursor() as cursor:
        cursor.execute(sql.SUBMIT_FACTS, given)
        facts = _Facts(*cursor.fetchone())
    if facts.annotator_id != annotator.pk:
        raise LeaseNotFound
    if not facts.is_member:
        raise NotAMember
    return facts


def _replay(facts: _Facts, document: Document, digest: bytes) -> Submitted | None:
    """The stored answer, where this is the same one again; an error where it is another one."""
    if facts.same_key_id is not None and facts.same_key_id != facts.same_lease_id:
        raise KeyReused
    if facts.same_lease_id is None:
        return None
    if bytes(facts.same_lease_hash or b"") != digest:
        raise KeyReused if facts.same_key_id is not None else AnswerConflict
    return Submitted(facts.same_lease_id, document.pk, "replay", document.state)


def _slot_to_fill(facts: _Facts, document: Document, epoch: int) -> int | None:
    """The slot this answer fills: its own, or the lowest free one; None where it comes too late (surplus).

    A token that a later claim replaced, and one whose document was skipped, never take a slot.
    """
    wanted = facts.overlap + document.extra_slots
    is_over = document.state in (Document.State.RESOLVED, Document.State.EXCLUDED)
    is_over = is_over or facts.round != document.round or facts.submitted >= wanted
    if is_over or epoch != facts.epoch or facts.state == Lease.State.SKIPPED:
        return None
    if facts.slot is not None:
        return facts.slot
    if len(facts.slots_of_others) >= wanted:
        return None
    with connection.cursor() as cursor:
        cursor.execute(sql.EXPIRE_LOCKED, {"documents": [document.pk]})
    return next(slot for slot in range(wanted + 1) if slot not in facts.slots_of_others)


def _store(
    facts: _Facts, submission: Submission, place: tuple[int, int, int], answer: Answer, slot: int | None
) -> int:
    document_id, lease_id, epoch = place
    values = {
        "project": facts.project_id,
        "document": document_id,
        "round": facts.round,
        "annotator": facts.annotator_id,
        "lease": lease_id,
        "epoch": epoch,
        "key": submission.key or None,
        "guideline": facts.guideline_id,
        "answer_hash": answer_hash(answer),
        "seconds": submission.seconds,
        "suggestion": None if submission.suggestion is None else json.dumps(submission.suggestion),
        "note": submission.note[:1000],
        "is_surplus": slot is None,
        "supersedes": None if slot is None else facts.head_id,
        "slot": slot,
        "classes": [label.label_class for label in answer],
        "starts": [label.start for label in answer],
        "ends": [label.end for label in answer],
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.STORE_ANSWER, values)
            return int(cursor.fetchone()[0])
    except IntegrityError as error:
        if "one_annotation_per_key" in str(error):  # another document, the same key, the same moment
            raise KeyReused from error
        raise
