"""Second opinions: somebody who has not seen the document confirms an answer, which counts meanwhile.

The mathematics of which answers are in doubt is in `doubts`: this is what pages ask for, and stays light.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db import transaction
from django.db.models import Count, F, Q

from labeling.actions.settling import settle
from labeling.models import Document, Lease, Project, Resolution
from labeling.models.doubtful import MAX_LABELS, unanswerable

COUNTED = Count("leases", filter=Q(leases__state=Lease.State.SUBMITTED, leases__round=F("round")))


@transaction.atomic
def ask(project_id: int, document_ids: Sequence[int]) -> list[int]:
    """Open settled documents for one more distinct annotator each. Returns those that now wait.

    Documents that are not settled by annotators, or by three of them, are left alone: safe to repeat. Until
    the further answer is there, the one that is there goes on training and counting.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)  # its overlap holds still
    locked = Document.objects.select_for_update(no_key=True, of=("self",)).filter(
        project=project,
        pk__in=document_ids,
        state=Document.State.RESOLVED,
        resolution__how__in=(Resolution.How.AGREED, Resolution.How.MAJORITY),
    )
    ids = [document.pk for document in locked.order_by("pk")]
    counted = dict(Document.objects.filter(pk__in=ids).annotate(n=COUNTED).values_list("pk", "n"))
    asked = [pk for pk in ids if 0 < counted[pk] < MAX_LABELS]
    Resolution.objects.filter(document__in=asked).delete()
    for answers in {counted[pk] for pk in asked}:
        Document.objects.filter(pk__in=[pk for pk in asked if counted[pk] == answers]).update(
            state=Document.State.OPEN, extra_slots=max(0, answers + 1 - project.overlap)
        )
    return asked


@transaction.atomic
def give_up(project: Project) -> int:
    """Settle documents by the answers they have, where no member is left for another. Returns how many."""
    ids = unanswerable(project.pk)
    if not ids:
        return 0
    overlap = Project.objects.select_for_update(no_key=True).get(pk=project.pk).overlap
    locked = Document.objects.select_for_update(no_key=True).filter(pk__in=ids, state=Document.State.OPEN)
    settled = 0
    for document in locked.order_by("pk"):
        counted = Document.objects.annotate(n=COUNTED).values_list("n", flat=True).get(pk=document.pk)
        if not overlap <= counted < overlap + document.extra_slots:
            continue
        document.extra_slots = counted - overlap
        Document.objects.filter(pk=document.pk).update(extra_slots=document.extra_slots)
        settle(document, counted)
        settled += 1
    return settled


@transaction.atomic
def take_back(project_id: int, document_ids: Collection[int]) -> int:
    """Give up second opinions on these documents that nobody gave or is about to give. Returns how many.

    The documents are settled by the answers they have; one that lost its answer meanwhile waits like others.
    """
    overlap = Project.objects.select_for_update(no_key=True).get(pk=project_id).overlap
    locked = Document.objects.select_for_update(no_key=True).filter(
        project=project_id, pk__in=document_ids, state=Document.State.OPEN, extra_slots__gt=0
    )
    taken = 0
    for document in locked.order_by("pk"):
        if Lease.objects.live().filter(document=document, round=document.round).exists():
            continue
        counted = Document.objects.annotate(n=COUNTED).values_list("n", flat=True).get(pk=document.pk)
        document.extra_slots = max(0, counted - overlap)
        Document.objects.filter(pk=document.pk).update(extra_slots=document.extra_slots)
        settle(document, overlap + document.extra_slots)
        taken += 1
    return taken


def waiting_entries(
    project: Project, chances: Mapping[int, float], most: int, besides: Collection[int] = ()
) -> list[tuple[int, dict[str, object]]]:
    """(document, reason) of those that wait for a second opinion, the most doubtful first.

    besides : documents that come for another reason
    """
    waiting = (
        Document.objects.filter(project=project, state=Document.State.OPEN, extra_slots__gt=0)
        .annotate(n=COUNTED)
        .filter(n__gt=0)
        .exclude(pk__in=besides)
        .order_by("pk")
    )
    rows = sorted(waiting.values_list("pk", "n")[:most], key=lambda row: chances.get(row[0], 1.0))
    return [(pk, _reason(given, chances.get(pk))) for pk, given in rows]


def _reason(given: int, chance: float | None) -> dict[str, object]:
    reason: dict[str, object] = {"share": "second_opinion", "given": given}
    return reason if chance is None else reason | {"posterior": round(chance, 4)}
