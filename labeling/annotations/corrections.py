"""Corrections: somebody takes an answer back or changes it. A row supersedes it; the first one stays."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F

from labeling.annotations.models import Annotation, Label, Resolution
from labeling.annotations.resolution import reconsider, settle
from labeling.annotations.submit import Submitted, lock_document
from labeling.annotations.validation import (
    Answer,
    AnswerRules,
    LabelValue,
    answer_hash,
    canonical,
    checked,
)
from labeling.db.clock import Now
from labeling.documents.models import Document
from labeling.exceptions import AlreadySettled, NotAMember, NotForMachines, NothingToUndo
from labeling.explanations.selection_reason import SelectionReason
from labeling.guidelines.models import Guideline, LabelClass
from labeling.idempotency.models import KeyedRequest
from labeling.idempotency.requests import begin
from labeling.projects.models import Membership
from labeling.queue.models import Lease

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def undo(
    project_id: int,
    annotator: User,
    annotation_id: int | None = None,
    *,
    answer_key: str | None = None,
    key: str | None = None,
) -> Lease:
    """Withdraw the annotator's latest (or this) answer and put its document back into their hands.

    An answer may be named by the key it was stored under; asking again changes nothing then, nor does it
    under the same `key` of this undo. Where the others' answers are enough by now, the document stays settled
    by them and nothing is held.
    Raises NothingToUndo, KeyReused, or AlreadySettled where somebody has decided since.
    """
    _check_member(project_id, annotator)
    request = begin(annotator, project_id, KeyedRequest.Route.UNDO, key, annotation_id, answer_key)
    if request.is_repeated:
        return Lease.objects.get(pk=request.result)
    lease = _undo(project_id, annotator, annotation_id, answer_key)
    request.finish(lease.pk)
    return lease


def _undo(project_id: int, annotator: User, annotation_id: int | None, answer_key: str | None) -> Lease:
    if answer_key is not None:
        lease, is_taken_back = _answered(project_id, annotator, answer_key)
        if is_taken_back:
            return lease
        annotation_id = lease.annotation_id or 0  # none counts where it came too late
    annotation, document = _lock_own(project_id, annotator, annotation_id)
    withdrawal = _supersede(annotation, b"", annotation.source, is_withdrawal=True)
    project = annotation.project
    target = project.overlap + document.extra_slots
    held: dict[str, Any] = {
        "state": Lease.State.LIVE,
        "annotation": None,
        "epoch": F("epoch") + 1,
        "guideline": withdrawal.guideline_id,
        "leased_at": Now(),
        "shown_at": Now(),
        "leased_until": Now() + timedelta(minutes=project.lease_minutes),
    }
    others = Lease.objects.filter(document=document, round=document.round, state=Lease.State.SUBMITTED)
    if others.exclude(annotation=annotation).count() >= target:
        held |= {"state": Lease.State.RELEASED, "slot": None}
    Lease.objects.filter(annotation=annotation).update(**held)
    lease = Lease.objects.get(annotations=annotation)
    reconsider(document, target, reason=SelectionReason.from_json(lease.reason))
    return lease


@transaction.atomic
def correct(
    project_id: int,
    annotator: User,
    annotation_id: int,
    labels: Iterable[LabelValue],
    key: str | None = None,
    *,
    is_machine: bool = False,
) -> Submitted:
    """Replace the annotator's own answer by another one; the first stays in the history.

    The same again under the same `key` is a replay. Raises NothingToUndo where it is not (or no longer) their
    counted answer, AlreadySettled, InvalidAnswer, KeyReused, and NotForMachines for a machine's answer to a
    test or gold document.
    """
    _check_member(project_id, annotator)
    labels = canonical(labels)
    digest = answer_hash(labels).hex()
    request = begin(annotator, project_id, KeyedRequest.Route.CORRECT, key, annotation_id, digest)
    if request.is_repeated:
        stored = Annotation.objects.select_related("document").get(pk=request.result)
        return Submitted(stored.pk, stored.document_id, "replay", stored.document.state)
    done = _correct(project_id, annotator, annotation_id, labels, is_machine)
    request.finish(done.annotation_id)
    return done


def _correct(
    project_id: int, annotator: User, annotation_id: int, labels: Answer, is_machine: bool
) -> Submitted:
    annotation, document = _lock_own(project_id, annotator, annotation_id)
    if is_machine and document.is_for_people:
        raise NotForMachines
    project = annotation.project
    active = frozenset(LabelClass.objects.active().filter(project=project).values_list("id", flat=True))
    rules = AnswerRules(project.kind, project.allows_overlapping_spans, active)
    answer = checked(labels, rules, document.text)
    digest = answer_hash(answer)
    if digest == bytes(annotation.answer_hash):
        return Submitted(annotation.pk, document.pk, "replay", document.state)
    source = Annotation.Source.MACHINE if is_machine else Annotation.Source.PERSON
    corrected = _supersede(annotation, digest, source, note=annotation.note)
    Label.objects.bulk_create(
        Label(annotation=corrected, label_class_id=v.label_class, start=v.start, end=v.end) for v in answer
    )
    Lease.objects.filter(annotation=annotation).update(annotation=corrected)
    state = settle(document, project.overlap + document.extra_slots)
    return Submitted(corrected.pk, document.pk, "counted", state)


def _check_member(project_id: int, annotator: User) -> None:
    if not Membership.objects.filter(project=project_id, user=annotator, removed_at=None).exists():
        raise NotAMember


def _answered(project_id: int, annotator: User, key: str) -> tuple[Lease, bool]:
    """The lease of the answer stored under this key, and whether that was taken back since."""
    answers = Annotation.objects.filter(project=project_id, annotator=annotator, key=key, lease__isnull=False)
    answer = answers.first() if "\0" not in key else None
    if answer is None:
        raise NothingToUndo
    lock_document(pk=answer.document_id)  # asked twice at once, the second finds it taken back
    lease = Lease.objects.get(annotations=answer)
    return lease, lease.epoch != answer.epoch


def _lock_own(project_id: int, annotator: User, annotation_id: int | None) -> tuple[Annotation, Document]:
    """The annotator's counted answer, with its document locked and still theirs to change."""
    own = Annotation.objects.filter(
        project=project_id, annotator=annotator, filled_lease__isnull=False, document__round=F("round")
    )
    if annotation_id is not None:
        own = own.filter(pk=annotation_id)
    latest = own.order_by("-pk").values_list("pk", "document_id").first()
    if latest is None:
        raise NothingToUndo
    document = lock_document(pk=latest[1])
    annotation = own.select_related("project").filter(pk=latest[0]).first()
    if annotation is None:  # undone or corrected in another tab while we waited for the lock
        raise NothingToUndo
    if document.state == Document.State.EXCLUDED or _is_decided(document):
        raise AlreadySettled
    return annotation, document


def _is_decided(document: Document) -> bool:
    decided = (Resolution.How.ADJUDICATED, Resolution.How.IMPORTED)
    return Resolution.objects.filter(document=document, how__in=decided).exists()


def _supersede(
    annotation: Annotation, digest: bytes, source: str, is_withdrawal: bool = False, note: str = ""
) -> Annotation:
    return Annotation.objects.create(
        project_id=annotation.project_id,
        document_id=annotation.document_id,
        round=annotation.round,
        annotator_id=annotation.annotator_id,
        lease_id=annotation.lease_id,
        guideline_id=_current_guideline(annotation.project_id),
        answer_hash=digest,
        source=source,
        is_withdrawal=is_withdrawal,
        note=note,
        supersedes=annotation,
    )


def _current_guideline(project_id: int) -> int | None:
    newest = Guideline.objects.filter(project=project_id).order_by("-number")
    return newest.values_list("pk", flat=True).first()
