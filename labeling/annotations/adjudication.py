"""Adjudication: where annotators disagree, or all were wrong, somebody who did not label it decides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from labeling.annotations.models import Annotation, Label, Resolution
from labeling.annotations.resolution import resolve
from labeling.annotations.validation import AnswerRules, LabelValue, answer_hash, checked
from labeling.documents.models import Document
from labeling.exceptions import NotAllowed, NotDisputed, NotFound, NotIndependent, WrongState
from labeling.guidelines.models import Guideline, LabelClass
from labeling.projects.members import member_of
from labeling.projects.models import Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet


@transaction.atomic
def decide(
    project_id: int, document_id: int, adjudicator: User, labels: Iterable[LabelValue], note: str = ""
) -> Annotation:
    """Settle a disputed document. What the annotators said stays beside it.

    Raises NotAllowed for an annotator, NotIndependent for somebody who labeled the document (unless nobody
    else in the project could decide), NotDisputed, NotFound and InvalidAnswer.
    """
    member, document = _locked(project_id, document_id, adjudicator)
    if document.state != Document.State.DISPUTED:
        raise NotDisputed
    _check_independent(document, adjudicator)
    return _settled(member, document, labels, note)


@transaction.atomic
def relabel(
    project_id: int, document_id: int, adjudicator: User, labels: Iterable[LabelValue], note: str = ""
) -> Annotation:
    """Settle a document anew, whatever settled it before; all that was said stays beside it.

    A decision from before is superseded, so this is undone by deciding again. Raises as `decide` does, and
    WrongState for a document that is excluded or gold: those are brought back by name first.
    """
    member, document = _locked(project_id, document_id, adjudicator)
    if document.is_gold:
        raise WrongState(_("Remove the gold mark first."))
    if document.state == Document.State.EXCLUDED:
        raise WrongState(_("Include the document first."))
    _check_independent(document, adjudicator)
    decided = Annotation.objects.current().filter(
        document=document, round=document.round, source=Annotation.Source.ADJUDICATION
    )
    return _settled(member, document, labels, note, before=decided.order_by("-pk").first())


def _locked(project_id: int, document_id: int, adjudicator: User) -> tuple[Membership, Document]:
    member = member_of(project_id, adjudicator)
    if not member.may_adjudicate:
        raise NotAllowed
    document = (
        Document.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk=document_id, project=project_id)
        .first()
    )
    if document is None:
        raise NotFound
    return member, document


def _check_independent(document: Document, adjudicator: User) -> None:
    if _labeled(document, adjudicator) and _others_could(document, adjudicator):
        raise NotIndependent


def _settled(
    member: Membership,
    document: Document,
    labels: Iterable[LabelValue],
    note: str,
    before: Annotation | None = None,
) -> Annotation:
    annotation = _store(member, document, labels, note, before)
    resolve(document, Resolution.How.ADJUDICATED, annotation.pk)
    return annotation


def _labeled(document: Document, person: User) -> bool:
    return _annotations_by_people(document).filter(annotator=person).exists()


def _annotations_by_people(document: Document) -> QuerySet[Annotation]:
    return Annotation.objects.filter(
        document=document, round=document.round, source__in=Annotation.ANNOTATORS
    )


def _others_could(document: Document, adjudicator: User) -> bool:
    """Is there an adjudicator or manager who has not labeled this document?"""
    return (
        Membership.objects.filter(
            project=document.project_id,
            removed_at=None,
            role__in=(Membership.Role.ADJUDICATOR, Membership.Role.MANAGER),
        )
        .exclude(user=adjudicator)
        .exclude(user__in=_annotations_by_people(document).values("annotator"))
        .exists()
    )


def _store(
    member: Membership,
    document: Document,
    labels: Iterable[LabelValue],
    note: str,
    before: Annotation | None,
) -> Annotation:
    project = member.project
    active = frozenset(LabelClass.objects.active().filter(project=project).values_list("id", flat=True))
    answer = checked(
        labels, AnswerRules(project.kind, project.allows_overlapping_spans, active), document.text
    )
    annotation = Annotation.objects.create(
        project=project,
        document=document,
        round=document.round,
        annotator_id=member.user_id,
        source=Annotation.Source.ADJUDICATION,
        guideline=Guideline.objects.filter(project=project).order_by("-number").first(),
        answer_hash=answer_hash(answer),
        supersedes=before,
        note=note.replace("\0", "")[:1000],
    )
    Label.objects.bulk_create(
        Label(annotation=annotation, label_class_id=v.label_class, start=v.start, end=v.end) for v in answer
    )
    return annotation
