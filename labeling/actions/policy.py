"""What may a manager change while people are labeling, and what happens to documents in between?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from labeling.actions.projects import check_storable, managed_document, manager_of
from labeling.actions.settling import dispute, is_given_up, reconsider, settle
from labeling.exceptions import InvalidInput
from labeling.models import Document, Lease, Project, QueueEntry, Resolution

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

CHANGEABLE = {
    "name", "description", "overlap", "lease_minutes", "lease_cap", "strategy", "suggestion_policy",
    "confirms_choice", "allows_overlapping_spans", "is_paused",
}  # fmt: skip
AT_ONCE = 1_000  # documents adapted to a new overlap in one transaction
FILLED = Count("leases", filter=Q(leases__state=Lease.State.SUBMITTED, leases__round=F("round")))


def change(project_id: int, manager: User, **changes: Any) -> Project:
    """Change the project's policy. More overlap opens settled documents again; less settles waiting ones.

    Kind and test share stay: answers and estimates depend on them. Raises NotAllowed, InvalidInput.
    """
    project = _set(project_id, manager, changes)
    if "overlap" in changes:
        _adapt_documents(project)
    return project


@transaction.atomic
def exclude(project_id: int, manager: User, document_id: int) -> None:
    """Take a document out: nobody labels it any more, what was said stays. Raises NotFound, NotAllowed."""
    document = managed_document(project_id, manager, document_id)
    document.check_move(Document.State.EXCLUDED)
    QueueEntry.objects.filter(document=document).delete()
    # Before its resolution, which the database keeps while the document is gold.
    Document.objects.filter(pk=document.pk).update(state=Document.State.EXCLUDED, is_gold=False)
    Resolution.objects.filter(document=document).delete()


@transaction.atomic
def include(project_id: int, manager: User, document_id: int) -> None:
    """Bring an excluded document back, settled as far as its answers go. Raises NotFound, NotAllowed."""
    document = managed_document(project_id, manager, document_id)
    if document.state != Document.State.EXCLUDED:
        return  # it is in already: a second click must not unsettle it
    reconsider(document, document.project.overlap + document.extra_slots)


@transaction.atomic
def _set(project_id: int, manager: User, changes: dict[str, Any]) -> Project:
    manager_of(project_id, manager)
    if unknown := set(changes) - CHANGEABLE:
        raise InvalidInput(_("These cannot be changed: {names}.").format(names=", ".join(sorted(unknown))))
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    project.most_overlap = max(project.most_overlap, project.overlap)
    for name, value in changes.items():
        setattr(project, name, value)
    check_storable(project)
    project.save(update_fields=[*changes, "most_overlap"])
    return project


def _adapt_documents(project: Project) -> None:
    """Bring documents in step with the new overlap, some at a time. Safe to repeat.

    The overlap is committed by now. A submit that read the old one still holds its document, which is open
    and leased: to wait for the locks of those documents is to wait for such submits.
    """
    leased = Document.objects.filter(project=project, state=Document.State.OPEN, leases__isnull=False)
    ids = sorted({*leased.values_list("pk", flat=True), *_short(project).values_list("pk", flat=True)})
    for first in range(0, len(ids), AT_ONCE):
        _adapt_some(project, ids[first : first + AT_ONCE], is_head=first == 0)


@transaction.atomic
def _adapt_some(project: Project, ids: Sequence[int], *, is_head: bool) -> None:
    # Everybody who locks several documents locks them by rising id, so nobody waits in a circle.
    locked = list(Document.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    reopened = set(_short(project).filter(pk__in=ids).values_list("pk", flat=True))
    Resolution.objects.filter(document__in=reopened).delete()
    Document.objects.filter(pk__in=reopened).update(state=Document.State.OPEN)
    for document in locked:
        if document.state == Document.State.OPEN:
            settle(document, project.overlap + document.extra_slots)
    if is_head:  # these come first; the others are found by the next ranking
        reason = {"share": "overlap"}
        QueueEntry.objects.bulk_create(
            (
                QueueEntry(project=project, generation=generation, rank=-1, document_id=pk, reason=reason)
                for generation in Project.objects.filter(pk=project.pk).values_list("generation", flat=True)
                for pk in sorted(reopened)
            ),
            ignore_conflicts=True,
        )
    for document in Document.objects.filter(pk__in=reopened, leases__state=Lease.State.SKIPPED).distinct():
        if is_given_up(document):
            dispute(document)


def _short(project: Project) -> QuerySet[Document]:
    """Documents that were settled by fewer answers than are wanted now."""
    settled = Document.objects.filter(
        project=project, resolution__how__in=(Resolution.How.AGREED, Resolution.How.MAJORITY)
    )
    return settled.annotate(filled=FILLED).filter(filled__lt=project.overlap + F("extra_slots"))
