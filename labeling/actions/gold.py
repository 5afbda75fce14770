"""Gold documents: their right answer is known, so they measure the annotators. Who gets which, and when?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from labeling.actions.documents import managed_document
from labeling.actions.settling import reconsider
from labeling.exceptions import WrongState
from labeling.learning.mix import Share, scattered
from labeling.models import Annotation, Document, Guideline, Label, Lease, Project, Resolution
from labeling.models.doubtful import labeler_count
from labeling.models.gold import raise_slots, servable
from labeling.models.queue import Entry

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SHARE = 0.02  # of the head
MIN_GOLD = 10  # gold documents: fewer would come back to be recognised, and say little
MIN_ANNOTATORS = 2  # who label: the answers of one alone are what gold is made of


@transaction.atomic
def mark(project_id: int, manager: User, document_id: int) -> None:
    """Make what settles a document its gold answer: it stays, and annotators are measured by it.

    Safe to repeat. Raises NotFound, NotAllowed, and WrongState for a document that is not settled.
    """
    document = managed_document(project_id, manager, document_id)
    if document.is_gold:
        return
    if document.state != Document.State.RESOLVED:
        raise WrongState(_("Only a settled document can be gold."))
    settled = Resolution.objects.select_related("annotation").get(document=document)
    same = Annotation.objects.current().filter(
        document=document, round=document.round, answer_hash=settled.annotation.answer_hash
    )
    if not same.exclude(source=Annotation.Source.MACHINE).exists():
        raise WrongState(_("Only machines gave this answer: relabel the document first."))
    gold = Annotation.objects.create(
        project_id=project_id,
        document=document,
        round=document.round,
        source=Annotation.Source.GOLD,
        guideline=Guideline.objects.filter(project=project_id).order_by("-number").first(),
        answer_hash=settled.annotation.answer_hash,
        note=_("Marked as gold by {name}.").format(name=manager.get_username()),
    )
    Label.objects.bulk_create(
        Label(annotation=gold, label_class_id=label.label_class_id, start=label.start, end=label.end)
        for label in settled.annotation.labels.all()
    )
    Resolution.objects.filter(document=document).update(annotation=gold, how=Resolution.How.GOLD)
    Document.objects.filter(pk=document.pk).update(is_gold=True)


@transaction.atomic
def unmark(project_id: int, manager: User, document_id: int) -> None:
    """Take the gold answer back: what else was ever said of the document settles it, or it is open again.

    Answers that were given to it as gold count like others from now on. Safe to repeat. Raises NotFound,
    NotAllowed.
    """
    document = managed_document(project_id, manager, document_id)
    if not document.is_gold:
        return
    for gold in Annotation.objects.current().filter(
        document=document, round=document.round, source=Annotation.Source.GOLD
    ):
        Annotation.objects.create(
            project_id=project_id,
            document=document,
            round=document.round,
            source=Annotation.Source.GOLD,
            annotator_id=gold.annotator_id,
            guideline_id=gold.guideline_id,
            answer_hash=b"",
            is_withdrawal=True,
            supersedes=gold,
            note=_("No longer gold, by {name}.").format(name=manager.get_username()),
        )
    answered = Lease.objects.filter(document=document, round=document.round, state=Lease.State.SUBMITTED)
    overlap = document.project.overlap
    document.is_gold, document.extra_slots = False, max(0, answered.count() - overlap)
    document.save(update_fields=["is_gold", "extra_slots"])
    reconsider(document, overlap + document.extra_slots)


def served(project: Project, head: list[Entry], seed: int) -> list[Entry]:
    """The head with gold documents among the others, each with a slot for one more person.

    They look like documents drawn at random, reason and all: where the head has none of these, or where there
    are fewer than `MIN_GOLD` gold documents or `MIN_ANNOTATORS` annotators, none is served.
    """
    alike = [reason for _document, reason in head if reason["share"] == Share.RANDOM]
    most = round(SHARE * len(head))
    gold = Document.objects.filter(project=project, is_gold=True)
    if not alike or not most or gold[:MIN_GOLD].count() < MIN_GOLD:
        return head
    if labeler_count(project.pk) < MIN_ANNOTATORS:
        return head
    chosen = give_slots(project, servable(project.pk, most, seed))
    entries = [(pk, _reason(alike[place % len(alike)])) for place, pk in enumerate(chosen)]
    return scattered(head, entries, SHARE, seed)


@transaction.atomic
def give_slots(project: Project, document_ids: list[int]) -> list[int]:
    """Let one more person answer each of these gold documents. Returns those that have a free slot now."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # its overlap holds still
    locked = Document.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=document_ids)
    free = raise_slots([document.pk for document in locked.only("pk").order_by("pk")])
    return [pk for pk in document_ids if pk in free]


def _reason(alike: dict[str, Any]) -> dict[str, Any]:
    return {**alike, "share": "gold"}
