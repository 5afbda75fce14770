"""Annotation submission: an answer is stored for good, counted where its slot is free, never doubled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from labeling.annotations import sql
from labeling.annotations.models import Annotation
from labeling.annotations.resolution import settle_all
from labeling.annotations.validation import Answer, AnswerRules, LabelValue, answer_hash, canonical, checked
from labeling.db.prepared import run
from labeling.documents.models import Document
from labeling.exceptions import (
    AnswerConflict,
    InvalidInput,
    KeyReused,
    LabelingError,
    LeaseNotFound,
    NotAMember,
    NotForMachines,
)
from labeling.idempotency.requests import check_key
from labeling.queue.expiry import expire
from labeling.queue.models import Lease, read_lease_token

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Token = tuple[int, int]  # a lease, and the epoch of the claim that took it


@dataclass(frozen=True)
class Submission:
    """An answer on its way in."""

    token: str
    labels: Sequence[LabelValue]
    key: str | None = None  # made by the client, so that a retry is recognized
    seconds: float | None = None  # of focused work
    suggestion: Any = None  # what the annotator was shown
    note: str = ""
    is_machine: bool = False  # whether a program decided it

    @property
    def source(self) -> Annotation.Source:
        return Annotation.Source.MACHINE if self.is_machine else Annotation.Source.PERSON


@dataclass(frozen=True)
class LeaseState:
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
    for index, submission in submissions.items():
        with error_context(index):
            _check_submission(submission)
            tokens[index] = read_lease_token(submission.token)
    return tokens


def lock_documents(submissions: Mapping[int, Submission], tokens: Mapping[int, Token]) -> dict[int, Document]:
    """The document of each submission, locked by rising id like everywhere: so nobody waits in a circle."""
    has_spans = any(label.start is not None for s in submissions.values() for label in s.labels)
    leases = [token[0] for token in tokens.values()]
    rows = run(sql.LOCK_LEASED, {"leases": leases, "with_text": has_spans})
    documents = {
        lease: Document(
            pk=pk, state=state, round=round_, extra_slots=extra, is_gold=is_gold, split=split, text=text
        )
        for lease, pk, state, round_, extra, is_gold, split, text in rows
    }
    for index, token in tokens.items():
        with error_context(index):
            if token[0] not in documents:
                raise LeaseNotFound
    return {number: documents[token[0]] for number, token in tokens.items()}


def _check_submission(submission: Submission) -> None:
    check_key(submission.key)
    seconds = 0.0 if submission.seconds is None else submission.seconds
    if not 0 <= seconds < inf:
        raise InvalidInput(_("Seconds cannot be negative."))


def read_lease_states(
    annotator: User, submissions: Mapping[int, Submission], tokens: Mapping[int, Token]
) -> dict[int, LeaseState]:
    """What decides about each submission, now that its document is locked."""
    parameters = {
        "annotator": annotator.pk,
        "leases": [token[0] for token in tokens.values()],
        "epochs": [token[1] for token in tokens.values()],
        "keys": [submission.key or None for submission in submissions.values()],
        "classes": list({label.label_class for s in submissions.values() for label in s.labels}),
    }
    rows = run(sql.LEASE_STATES, parameters)
    return {index: LeaseState(*row) for index, row in zip(submissions, rows, strict=True)}


@contextmanager
def error_context(index: int) -> Iterator[None]:
    """An error in here says which submission it is about."""
    try:
        yield
    except LabelingError as error:
        error.facts["item"] = index
        raise


MAX_SUBMITS = 500  # in one call
MAX_NOTE_LENGTH = 1000


@dataclass(frozen=True)
class Submitted:
    """What became of an answer."""

    annotation_id: int
    document_id: int
    outcome: str  # counted, surplus (its slot had gone to somebody else) or replay (it was here already)
    document_state: str
    looks_settled: bool = False  # the same for annotators: gold documents look like others


@dataclass(frozen=True)
class _Accepted:
    """An answer that will be stored: in this slot, or as surplus where there is none."""

    index: int
    submission: Submission
    document: Document
    lease_state: LeaseState
    answer: Answer
    epoch: int  # of the token it came with
    slot: int | None

    @property
    def target(self) -> int:
        return self.lease_state.overlap + self.document.extra_slots


@transaction.atomic
def submit(annotator: User, submission: Submission) -> Submitted:
    """Store the answer for the leased document and settle the document when it is complete.

    Raises LeaseNotFound for a token that is not this annotator's, NotAMember once removed from the project,
    NotForMachines for a machine's answer to a test or gold document, InvalidAnswer (the lease stays),
    AnswerConflict for another answer to an answered lease, and KeyReused. A late answer is never refused: it
    counts while its slot is free, and is kept as surplus otherwise.
    """
    try:
        return _submit_all(annotator, {0: submission})[0]
    except LabelingError as error:
        error.facts.pop("item", None)
        raise


@transaction.atomic
def submit_many(annotator: User, submissions: Sequence[Submission]) -> list[Submitted]:
    """Submit all of them or none: the first that cannot be stored raises, naming its place in the list."""
    if len(submissions) > MAX_SUBMITS:
        raise InvalidInput(_("Send at most {most} annotations per request.").format(most=MAX_SUBMITS))
    tokens: dict[str, str] = {}  # by key
    for index, submission in enumerate(submissions):
        if submission.key and tokens.setdefault(submission.key, submission.token) != submission.token:
            with error_context(index):
                raise KeyReused
    done: dict[int, Submitted] = {}
    waiting = dict(enumerate(submissions))
    while waiting:
        # What was sent twice in one call comes in its turn, as if it had been sent in two.
        first = {s.token.partition("-")[0]: position for position, s in reversed(waiting.items())}
        done |= _submit_all(
            annotator, {position: waiting.pop(position) for position in sorted(first.values())}
        )
    return [done[position] for position in range(len(submissions))]


def lock_document(**which: Any) -> Document:
    """The row that every change of a document's leases and answers waits for. Raises LeaseNotFound."""
    document = Document.objects.select_for_update(of=("self",), no_key=True).filter(**which).first()
    if document is None:
        raise LeaseNotFound
    return document


def _submit_all(annotator: User, submissions: Mapping[int, Submission]) -> dict[int, Submitted]:
    """Answers under different tokens, by their places: in the same few statements, however many they are."""
    tokens = read_tokens(submissions)
    documents = lock_documents(submissions, tokens)
    done: dict[int, Submitted] = {}
    accepted: list[_Accepted] = []
    for index, lease_state in read_lease_states(annotator, submissions, tokens).items():
        submission, document = submissions[index], documents[index]
        with error_context(index):
            if lease_state.annotator_id != annotator.pk:
                raise LeaseNotFound
            if not lease_state.is_member:
                raise NotAMember
            if replayed := _replay(lease_state, document, submission):
                done[index] = replayed
                continue
            if submission.is_machine and document.is_for_people:
                raise NotForMachines
            rules = AnswerRules(
                lease_state.kind, lease_state.allows_overlapping_spans, frozenset(lease_state.classes)
            )
            answer = checked(submission.labels, rules, document.text)
        epoch = tokens[index][1]
        slot = _slot_to_fill(lease_state, document, epoch)
        accepted.append(_Accepted(index, submission, document, lease_state, answer, epoch, slot))
    return done | _store(accepted)


def _replay(lease_state: LeaseState, document: Document, submission: Submission) -> Submitted | None:
    """The stored answer, where this is the same one again; an error where it is another one.

    A class that was retired since changes nothing about what is stored.
    """
    if lease_state.same_key_id is not None and lease_state.same_key_id != lease_state.same_lease_id:
        raise KeyReused
    if lease_state.same_lease_id is None:
        return None
    is_same = bytes(lease_state.same_lease_hash or b"") == answer_hash(canonical(submission.labels))
    if lease_state.same_key_id is not None and not (
        is_same and _is_same_beside_labels(lease_state, submission)
    ):
        raise KeyReused
    if not is_same:
        raise AnswerConflict
    looks_settled = _looks_settled(lease_state, document, document.state)
    return Submitted(lease_state.same_lease_id, document.pk, "replay", document.state, looks_settled)


def _is_same_beside_labels(lease_state: LeaseState, submission: Submission) -> bool:
    """Note and suggestion are part of a request. Seconds are not: they are measured anew at each sending."""
    stored = None if lease_state.same_key_suggestion is None else json.loads(lease_state.same_key_suggestion)
    return (lease_state.same_key_note, stored) == (
        submission.note[:MAX_NOTE_LENGTH],
        json.loads(json.dumps(submission.suggestion)),
    )


def _slot_to_fill(lease_state: LeaseState, document: Document, epoch: int) -> int | None:
    """The slot this answer fills: its own, or the lowest free one; None where it comes too late (surplus).

    A token that a later claim replaced, and one whose document was skipped, never take a slot.
    """
    target = lease_state.overlap + document.extra_slots
    is_over = document.state in (Document.State.RESOLVED, Document.State.EXCLUDED) and not document.is_gold
    is_over = is_over or lease_state.round != document.round or lease_state.submitted >= target
    if is_over or epoch != lease_state.epoch or lease_state.state == Lease.State.SKIPPED:
        return None
    if lease_state.slot is not None:
        return lease_state.slot
    return next((slot for slot in range(target) if slot not in lease_state.slots_of_others), None)


def _store(accepted: Sequence[_Accepted]) -> dict[int, Submitted]:
    """Store the answers, fill their slots, and settle the documents that have all of theirs."""
    if not accepted:
        return {}
    _free_slots(accepted)
    try:
        stored = dict(run(sql.STORE_ANSWERS, _columns(accepted)))
    except IntegrityError as error:
        if "one_annotation_per_key" in str(error):  # two documents, the same key, the same moment
            raise KeyReused from error
        raise
    complete = [
        entry
        for entry in accepted
        if entry.slot is not None and entry.lease_state.submitted + 1 >= entry.target
    ]
    states = settle_all(
        {entry.document.pk: (entry.document, entry.target) for entry in complete},
        existing={
            entry.document.pk: [(stored[entry.lease_state.lease_id], answer_hash(entry.answer))]
            for entry in complete
            if entry.target == 1
        },
    )
    return {
        entry.index: Submitted(
            stored[entry.lease_state.lease_id],
            entry.document.pk,
            "surplus" if entry.slot is None else "counted",
            state := states.get(entry.document.pk, entry.document.state),
            _looks_settled(entry.lease_state, entry.document, state),
        )
        for entry in accepted
    }


def _looks_settled(lease_state: LeaseState, document: Document, state: str) -> bool:
    """Whether the annotator may take the document as settled: gold looks like one just begun."""
    return state == Document.State.RESOLVED and (not document.is_gold or lease_state.overlap == 1)


def _free_slots(accepted: Sequence[_Accepted]) -> None:
    """Late answers take slots that leases still hold which ran out."""
    late = [
        entry.document.pk for entry in accepted if entry.slot is not None and entry.lease_state.slot is None
    ]
    if late:
        expire(late)


def _columns(accepted: Sequence[_Accepted]) -> dict[str, list[Any]]:
    labels = [(entry.lease_state.lease_id, label) for entry in accepted for label in entry.answer]
    shown = [entry.submission.suggestion for entry in accepted]
    return {
        "leases": [entry.lease_state.lease_id for entry in accepted],
        "epochs": [entry.epoch for entry in accepted],
        "slots": [entry.slot for entry in accepted],
        "keys": [entry.submission.key or None for entry in accepted],
        "answer_hashes": [answer_hash(entry.answer) for entry in accepted],
        "seconds": [entry.submission.seconds for entry in accepted],
        "suggestions": [None if suggestion is None else json.dumps(suggestion) for suggestion in shown],
        "notes": [entry.submission.note[:MAX_NOTE_LENGTH] for entry in accepted],
        "supersedes": [None if entry.slot is None else entry.lease_state.head_id for entry in accepted],
        "sources": [str(entry.submission.source) for entry in accepted],
        "label_leases": [lease for lease, _ in labels],
        "classes": [label.label_class for _, label in labels],
        "starts": [label.start for _, label in labels],
        "ends": [label.end for _, label in labels],
    }
