"""What may a manager change while people are labeling, and what happens to documents in between?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from labeling.actions.projects import check_storable, manager_of
from labeling.actions.settling import resolve, settle
from labeling.exceptions import InvalidInput, NotFound
from labeling.models import Annotation, Document, Lease, Project, QueueEntry, Resolution

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CHANGEABLE = {
    "name", "description", "overlap", "lease_minutes", "lease_cap", "strategy", "suggestion_policy",
    "allows_overlapping_spans", "is_paused",
}  # fmt: skip
FILLED = Count("leases", filter=Q(leases__state=Lease.State.SUBMITTED, leases__round=F("round")))


@transaction.atomic
def change(project_id: int, manager: User, **changes: Any) -> Project:
    """Change the project's policy. More overlap opens settled documents again; less settles waiting ones.

    Kind and test share stay: answers and estimates depend on them. Raises NotAllowed, InvalidInput.
    """
    manager_of(project_id, manager)
    if unknown := set(changes) - CHANGEABLE:
        raise InvalidInput(_("These cannot be changed: {names}.").format(names=", ".join(sorted(unknown))))
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    overlap = project.overlap
    for name, value in changes.items():
        setattr(project, name, value)
    check_storable(project)
    project.save(update_fields=list(changes))
    if project.overlap > overlap:
        _reopen_unfilled(project)
    elif project.overlap < overlap:
        _settle_filled(project)
    return project


@transaction.atomic
def exclude(project_id: int, manager: User, document_id: int) -> None:
    """Take a document out: nobody labels it any more, what was said stays. Raises NotFound, NotAllowed."""
    document = _locked(project_id, manager, document_id)
    document.check_move(Document.State.EXCLUDED)
    QueueEntry.objects.filter(document=document).delete()
    Resolution.objects.filter(document=document).delete()
    Document.objects.filter(pk=document.pk).update(state=Document.State.EXCLUDED)


@transaction.atomic
def include(project_id: int, manager: User, document_id: int) -> None:
    """Bring an excluded document back, settled as far as its answers go. Raises NotFound, NotAllowed."""
    document = _locked(project_id, manager, document_id)
    if document.state != Document.State.EXCLUDED:
        return  # it is in already: a second click must not unsettle it
    document.state = Document.State.OPEN
    Document.objects.filter(pk=document.pk).update(state=document.state)
    decided = _decided(document)
    if decided is None:
        settle(document, document.project.overlap + document.extra_slots)
    else:
        how = Resolution.How.IMPORTED
        if decided.source == Annotation.Source.ADJUDICATION:
            how = Resolution.How.ADJUDICATED
        resolve(document, how, decided.pk)


def _decided(document: Document) -> Annotation | None:
    """The answer of this round that settles it whatever annotators say: an adjudicator's, or a given one."""
    deciding = Annotation.objects.current().exclude(source=Annotation.Source.PERSON)
    return deciding.filter(document=document, round=document.round).order_by("-pk").first()


def _locked(project_id: int, manager: User, document_id: int) -> Document:
    manager_of(project_id, manager)
    document = (
        Document.objects.select_for_update(of=("self",), no_key=True)
        .select_related("project")
        .filter(project=project_id, pk=document_id)
        .first()
    )
    if document is None:
        raise NotFound
    return document


def _reopen_unfilled(project: Project) -> None:
    """Documents that were settled by fewer answers than are wanted now want more again."""
    settled = Document.objects.filter(
        project=project, resolution__how__in=(Resolution.How.AGREED, Resolution.How.MAJORITY)
    )
    short = settled.annotate(filled=FILLED).filter(filled__lt=project.overlap + F("extra_slots"))
    locked = _lock_in_order(short.values_list("pk", flat=True), Document.State.RESOLVED)
    Resolution.objects.filter(document__in=locked).delete()
    Document.objects.filter(pk__in=locked).update(state=Document.State.OPEN)
    QueueEntry.objects.bulk_create(
        (
            QueueEntry(
                project=project,
                generation=project.generation,
                rank=-1,
                document_id=pk,
                reason={"share": "overlap"},
            )
            for pk in locked
        ),
        ignore_conflicts=True,
    )


def _settle_filled(project: Project) -> None:
    """Documents that have all the answers that are wanted now need not wait for more."""
    waiting = Document.objects.filter(project=project, state=Document.State.OPEN, leases__isnull=False)
    enough = waiting.annotate(filled=FILLED).filter(filled__gte=project.overlap + F("extra_slots"))
    locked = _lock_in_order(enough.values_list("pk", flat=True), Document.State.OPEN)
    for document in Document.objects.filter(pk__in=locked).order_by("pk"):
        settle(document, project.overlap + document.extra_slots)


def _lock_in_order(ids: Any, state: str) -> list[int]:
    """Lock those that are still in this state: somebody may have moved one since it was read.

    Everybody who locks several documents locks them by rising id, so nobody waits in a circle.
    """
    documents = Document.objects.select_for_update(no_key=True).filter(pk__in=list(ids), state=state)
    locked = documents.order_by("pk")
    return list(locked.values_list("pk", flat=True))
