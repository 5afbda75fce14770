"""Gold documents: their right answer is known, so they measure the annotators. Who gets which, and when?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from labeling.annotations.models import Annotation, Label, Resolution
from labeling.annotations.resolution import reconsider
from labeling.annotations.second_opinions import COULD_ANSWER, LABELERS_OF, labeler_count
from labeling.documents.insert import managed_document
from labeling.documents.models import Document
from labeling.exceptions import WrongState
from labeling.explanations.selection_reason import ReasonKey
from labeling.guidelines.models import Guideline
from labeling.learning.query_strategies.mix import Share, scattered
from labeling.projects.models import Project
from labeling.queue.models import Entry, Lease
from labeling.queue.predicates import SLOTS_HELD, counted

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_EXTRA_SLOTS = 16  # slots beyond the overlap; the constraint of the same number keeps it

# Gold documents that somebody who labels here has not seen, those with the fewest answers first and equal
# ones in an order that the seed draws.
SERVABLE = f"""
    SELECT d.id FROM labeling_document d JOIN labeling_project p ON p.id = d.project_id
    WHERE d.project_id = %(project)s AND d.is_gold
      AND {SLOTS_HELD} < p.overlap + {MAX_EXTRA_SLOTS}
      AND EXISTS (SELECT 1 FROM ({LABELERS_OF}) who WHERE {COULD_ANSWER})
    ORDER BY {SLOTS_HELD}, md5(d.id::text || '/' || %(seed)s::text)
    LIMIT %(most)s
"""

# One slot more than are held, so that one more person gets the document; nothing of what is held is lost.
RAISE = f"""
    UPDATE labeling_document d SET extra_slots = greatest({SLOTS_HELD} + 1 - p.overlap, 0)
    FROM labeling_project p
    WHERE p.id = d.project_id AND d.id = ANY(%(documents)s) AND d.is_gold
      AND {SLOTS_HELD} < p.overlap + {MAX_EXTRA_SLOTS}
    RETURNING d.id
"""

# Answers to documents that were served as gold: those from before do not count, they made the gold answer.
ANSWERS = f"""
    SELECT l.annotator_id, l.document_id, l.annotation_id, r.annotation_id
    FROM labeling_lease l
    JOIN labeling_document d ON {counted("l", "d")} AND d.is_gold
    JOIN labeling_resolution r ON r.document_id = d.id
    WHERE l.project_id = %(project)s AND l.reason->>'{ReasonKey.SHARE}' = '{Share.GOLD}'
    ORDER BY l.annotator_id, l.annotation_id
"""
LABELS = """
    SELECT annotation_id, label_class_id, start, "end" FROM labeling_label
    WHERE annotation_id = ANY(%(annotations)s) ORDER BY annotation_id, id
"""

Labels = frozenset[tuple[UUID, int | None, int | None]]  # class, start, end


@dataclass(frozen=True)
class GoldAnswer:
    """What somebody answered to a gold document that the queue gave them."""

    annotator_id: int
    document_id: int
    answered: Labels
    gold: Labels

    @property
    def is_right(self) -> bool:
        """Whether it is the gold answer in full; for spans, each with its class and bounds."""
        return self.answered == self.gold


def gold_answers(project_id: int) -> list[GoldAnswer]:
    """Each annotator's answers to gold documents beside what is right, by annotator, the oldest first."""
    rows = _rows(ANSWERS, project=project_id)
    labels = _labels({annotation for row in rows for annotation in row[2:]})
    none: Labels = frozenset()
    return [
        GoldAnswer(annotator, document, labels.get(answer, none), labels.get(gold, none))
        for annotator, document, answer, gold in rows
    ]


def servable(project_id: int, limit: int, seed: int) -> list[int]:
    """At most so many gold documents that a further person could answer, the least answered first."""
    return [pk for (pk,) in _rows(SERVABLE, project=project_id, most=limit, seed=seed)]


def raise_slots(document_ids: list[int]) -> set[int]:
    """Give each of these locked gold documents one free slot. Returns those that have one now."""
    return {pk for (pk,) in _rows(RAISE, documents=document_ids)}


def _labels(annotations: Iterable[int]) -> dict[int, Labels]:
    labels_of: dict[int, set[tuple[UUID, int | None, int | None]]] = {}
    for annotation, label_class, start, end in _rows(LABELS, annotations=list(annotations)):
        labels_of.setdefault(annotation, set()).add((label_class, start, end))
    return {annotation: frozenset(labels) for annotation, labels in labels_of.items()}


def _rows(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


SHARE = 0.02  # of the head
MIN_GOLD = 10  # gold documents: fewer would come back to be recognized, and say little
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
        raise WrongState(_("Only a labeled document can be gold. Label it first."))
    settled = Resolution.objects.select_related("annotation").get(document=document)
    same = Annotation.objects.current().filter(
        document=document, round=document.round, answer_hash=settled.annotation.answer_hash
    )
    if not same.exclude(source=Annotation.Source.MACHINE).exists():
        raise WrongState(_("This document was labeled only by machines. Relabel it first."))
    gold = Annotation.objects.create(
        project_id=project_id,
        document=document,
        round=document.round,
        source=Annotation.Source.GOLD,
        guideline=Guideline.objects.filter(project=project_id).order_by("-number").first(),
        answer_hash=settled.annotation.answer_hash,
        note=f"Marked as gold by {manager.get_username()}.",
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
            note=f"Gold mark removed by {manager.get_username()}.",
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
    alike = [reason for _document, reason in head if reason.share == Share.RANDOM]
    limit = round(SHARE * len(head))
    gold = Document.objects.filter(project=project, is_gold=True)
    if not alike or not limit or gold[:MIN_GOLD].count() < MIN_GOLD:
        return head
    if labeler_count(project.pk) < MIN_ANNOTATORS:
        return head
    chosen = give_slots(project, servable(project.pk, limit, seed))
    entries = [(pk, replace(alike[index % len(alike)], share=Share.GOLD)) for index, pk in enumerate(chosen)]
    return scattered(head, entries, SHARE, seed)


@transaction.atomic
def give_slots(project: Project, document_ids: list[int]) -> list[int]:
    """Let one more person answer each of these gold documents. Returns those that have a free slot now."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # its overlap holds still
    locked = Document.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=document_ids)
    free = raise_slots([document.pk for document in locked.only("pk").order_by("pk")])
    return [pk for pk in document_ids if pk in free]
