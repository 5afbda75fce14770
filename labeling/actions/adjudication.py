"""Who decides where annotators disagree? An adjudicator who did not label the document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction

from labeling.actions.answers import AnswerRules, LabelValue, answer_hash, checked
from labeling.actions.projects import member_of
from labeling.actions.settling import resolve
from labeling.exceptions import NotAllowed, NotDisputed, NotFound, NotIndependent
from labeling.models import Annotation, Document, Guideline, Label, LabelClass, Membership, Resolution

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet


@transaction.atomic
def decide(
    project_id: int, document_id: int, adjudicator: User, labels: Iterable[LabelValue], note: str = ""
) -> Annotation:
    """Settle a disputed document. What the annotators said stays beside it.

    Raises NotAllowed for an annotator, NotIndependent for somebody who labelled the document (unless nobody
    else in the project could decide), NotDisputed, NotFound and InvalidAnswer.
    """
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
    if document.state != Document.State.DISPUTED:
        raise NotDisputed
    if _labelled(document, adjudicator) and _others_could(document, adjudicator):
        raise NotIndependent
    annotation = _store(member, document, labels, note)
    resolve(document, Resolution.How.ADJUDICATED, annotation.pk)
    return annotation


def _labelled(document: Document, person: User) -> bool:
    return _annotations_by_people(document).filter(annotator=person).exists()


def _annotations_by_people(document: Document) -> QuerySet[Annotation]:
    return Annotation.objects.filter(document=document, round=document.round, source=Annotation.Source.PERSON)


def _others_could(document: Document, adjudicator: User) -> bool:
    """Is there an adjudicator or manager who has not labelled this document?"""
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


def _store(member: Membership, document: Document, labels: Iterable[LabelValue], note: str) -> Annotation:
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
        note=note[:1000],
    )
    Label.objects.bulk_create(
        Label(annotation=annotation, label_class_id=v.label_class, start=v.start, end=v.end) for v in answer
    )
    return annotation
