"""Picks: documents that a manager sends to the queue, labeled next at a share of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import random
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef, Window
from django.db.models.functions import Length, RowNumber
from django.utils.translation import gettext as _

from labeling.annotations import second_opinions
from labeling.annotations.models import Resolution
from labeling.annotations.second_opinions import answerable
from labeling.db.clock import Now
from labeling.documents.metadata import TOLD_LANGUAGE, described
from labeling.documents.models import Document
from labeling.documents.slices import Slice
from labeling.exceptions import InvalidInput, NotFound
from labeling.explanations.selection_reason import Measures, SelectionReason
from labeling.jobs.models import Job
from labeling.jobs.outbox import enqueue
from labeling.learning.query_strategies.mix import Share
from labeling.projects.members import manager_of
from labeling.projects.models import Project
from labeling.queue.models import Entry, Lease
from labeling.steering.models import Pick, PickedDocument

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_PICKED_DOCUMENTS = 500  # documents of one pick: what a team labels in a day or two
SHARE = 0.3  # of the head, from its beginning on
MAX_SCANNED_DOCUMENTS = (
    20_000  # documents that are looked at for a slice: a second, however large the pool is
)
BATCH_SIZE = 2_000


@dataclass(frozen=True)
class Picked:
    """What became of a wish.

    pick : None where none of its documents can be labeled
    waiting : documents that wait now
    left_out : how many do not, by why: unknown, gold, excluded, disputed, decided, nobody_left
    """

    pick: Pick | None
    waiting: int = 0
    left_out: dict[str, int] = field(default_factory=dict)


@transaction.atomic
def pick(project_id: int, manager: User, document_ids: Sequence[int], reason: str) -> Picked:
    """Have these documents labeled next; the queue is ranked again within seconds.

    Open documents wait as they are. Those that annotators settled are opened for one more answer by somebody
    else, where somebody is left; meanwhile the answer they have goes on counting. Raises NotAMember,
    NotAllowed, and InvalidInput for no documents, more than `MAX_PICKED_DOCUMENTS`, or a reason that is empty
    or long.
    """
    manager_of(project_id, manager)
    requested = list(dict.fromkeys(document_ids))
    if not 1 <= len(requested) <= MAX_PICKED_DOCUMENTS:
        raise InvalidInput(_("Pick 1 to {limit} documents at a time.").format(limit=MAX_PICKED_DOCUMENTS))
    why = " ".join(reason.replace("\0", "").split())
    if not 1 <= len(why) <= 300:
        raise InvalidInput(_("Enter a reason of 1 to 300 characters. Annotators see it."))
    Project.objects.select_for_update(no_key=True).get(
        pk=project_id
    )  # as `ask` does, so nobody waits in a circle
    fates = _fates(project_id, requested)
    settled = [pk for pk, fate in fates.items() if fate == "settled"]
    reopened = set(second_opinions.ask(project_id, answerable(project_id, settled)))
    fates |= {pk: "nobody_left" for pk in settled if pk not in reopened}
    waiting = [pk for pk in requested if pk in reopened or fates[pk] == "waiting"]
    left_out = Counter(fate for pk, fate in fates.items() if pk not in reopened and fate != "waiting")
    if not waiting:
        return Picked(None, 0, dict(left_out))
    row = Pick.objects.create(project_id=project_id, reason=why, created_by=manager)
    PickedDocument.objects.bulk_create(
        PickedDocument(pick=row, document_id=pk, is_asked=pk in reopened) for pk in waiting
    )
    enqueue(project_id, Job.Kind.RANK)
    return Picked(row, len(waiting), dict(left_out))


@transaction.atomic
def pick_from_pool(project_id: int, manager: User, *, where: Slice, count: int, reason: str) -> Picked:
    """Have `count` open documents of the pool labeled next, drawn at random among those of a slice.

    Of a large pool `MAX_SCANNED_DOCUMENTS` documents from a random place on are looked at; fewer than `count`
    are picked where the slice is rare. Exact copies of test documents, which never train, are passed over.
    Raises as `pick` does.
    """
    manager_of(project_id, manager)
    if not 1 <= count <= MAX_PICKED_DOCUMENTS:
        raise InvalidInput(_("Pick 1 to {limit} documents at a time.").format(limit=MAX_PICKED_DOCUMENTS))
    document_ids = _sample(project_id, where, count, random())
    return pick(project_id, manager, document_ids, reason) if document_ids else Picked(None)


@transaction.atomic
def end_pick(project_id: int, manager: User, pick_id: int) -> bool:
    """Take a pick back: its documents wait no longer before others. Returns whether it stood.

    Second opinions that it asked for and that nobody gives at the moment are given up; the documents are
    settled as they were. Safe to repeat. Raises NotAMember, NotAllowed and NotFound.
    """
    manager_of(project_id, manager)
    Project.objects.select_for_update(no_key=True).get(pk=project_id)
    row = Pick.objects.filter(project=project_id, pk=pick_id).first()
    if row is None:
        raise NotFound
    if row.ended_at is not None:
        return False
    Pick.objects.filter(pk=row.pk).update(ended_at=Now())
    reopened = PickedDocument.objects.filter(pick=row, is_asked=True).values_list("document", flat=True)
    still = PickedDocument.objects.waiting().filter(pick__project=project_id).exclude(pick=row)
    second_opinions.take_back(project_id, set(reopened) - set(still.values_list("document", flat=True)))
    enqueue(project_id, Job.Kind.RANK)
    return True


def waiting_entries(project: Project, limit: int) -> list[Entry]:
    """(document, reason) of picked documents that wait, the picks taking turns, the newest first.

    The reason of one that measures the model or people tells no more than that it was picked: not even why,
    which may say what the model or somebody else thinks of it.
    """
    waiting = (
        PickedDocument.objects.waiting()
        .filter(pick__project=project)
        .annotate(turn=Window(RowNumber(), partition_by="pick", order_by="id"))
        .order_by("turn", "-pick_id")
        .values_list("document", "pick__reason", "document__split")
    )
    result: dict[int, tuple[str, str]] = {}
    for pk, why, split in waiting[: 2 * limit]:  # a document may be of two picks
        result.setdefault(pk, (why, split))
    answered = Lease.objects.counted().filter(document__in=list(result))
    begun = set(answered.values_list("document", flat=True))
    entries: list[Entry] = []
    for pk, (why, split) in list(result.items())[:limit]:
        if pk in begun:
            reason = SelectionReason(Share.PICKED, measures=Measures.PEOPLE)
        elif split == Document.Split.TEST:
            reason = SelectionReason(Share.PICKED, measures=Measures.MODEL)
        else:
            reason = SelectionReason(Share.PICKED, why=why)
        entries.append((pk, reason))
    return entries


def _fates(project_id: int, requested: Collection[int]) -> dict[int, str]:
    """Of each document whether it is waiting, settled by annotators, or why it is neither."""
    documents = Document.objects.filter(project=project_id, pk__in=requested)
    rows = documents.values_list("pk", "state", "is_gold", "resolution__how")
    by_people = (Resolution.How.AGREED, Resolution.How.MAJORITY)
    fates = dict.fromkeys(requested, "unknown")
    for pk, state, is_gold, how in rows:
        if is_gold:
            fates[pk] = "gold"
        elif state == Document.State.OPEN:
            fates[pk] = "waiting"
        elif state == Document.State.RESOLVED:
            fates[pk] = "settled" if how in by_people else "decided"
        else:
            fates[pk] = str(state)
    return fates


def _sample(project_id: int, where: Slice, count: int, start: float) -> list[int]:
    """Documents of the slice, one of each group of near-duplicates, by random key from `start` and around."""
    begun = Lease.objects.filter(document=OuterRef("pk"), state=Lease.State.SUBMITTED)
    taken = PickedDocument.objects.waiting().filter(document=OuterRef("pk"))
    pool = (
        Document.objects.trainable()
        .filter(~Exists(begun), ~Exists(taken), project=project_id, state=Document.State.OPEN)
        .order_by("random_key")
    )
    for (
        condition
    ) in where.conditions:  # told of a part of the pool only, so that a random place could miss it
        if condition.field == TOLD_LANGUAGE:
            pool = pool.filter(told_language__language=condition.value)
    parts = (pool.filter(random_key__gte=start), pool.filter(random_key__lt=start))
    columns = ("pk", "metadata", "source", "told_language__language", Length("text"), "near_duplicate_group")
    rows = (
        row
        for part in parts
        for row in part.values_list(*columns)[:MAX_SCANNED_DOCUMENTS].iterator(BATCH_SIZE)
    )
    ids: list[int] = []
    groups: set[int] = set()
    for pk, metadata, source, language, characters, group in islice(rows, MAX_SCANNED_DOCUMENTS):
        fields = described(metadata, source, language)
        if group in groups or not where.holds(fields, characters, group is not None):
            continue
        ids.append(pk)
        groups |= set() if group is None else {group}
        if len(ids) == count:
            break
    return ids
