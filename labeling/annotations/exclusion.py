"""Project policy: what a manager may change while people are labeling, and what it does to documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, F, OuterRef, Subquery, Value
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext as _

from labeling.annotations.models import Resolution
from labeling.annotations.resolution import dispute, is_given_up, reconsider, settle
from labeling.documents.insert import managed_document
from labeling.documents.metadata_fields import checked_fields, shown_instead
from labeling.documents.models import Document
from labeling.exceptions import InvalidInput
from labeling.explanations.selection_reason import SelectionReason
from labeling.jobs.models import Job
from labeling.jobs.outbox import enqueue
from labeling.learning.query_strategies.mix import Share
from labeling.projects.estimators import check_estimator
from labeling.projects.members import check_storable, manager_of
from labeling.projects.models import Project
from labeling.queue.models import Lease, QueueEntry, answer_count

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

CHANGEABLE = {
    "name",
    "description",
    "overlap",
    "lease_minutes",
    "lease_cap",
    "strategy",
    "suggestion_policy",
    "confirms_choice",
    "allows_overlapping_spans",
    "is_paused",
    "hidden_metadata",
    "estimator",
    "estimator_use",
}
BATCH_SIZE = 1_000  # documents adapted to a new overlap in one transaction
FILLED = answer_count()
NO_SECOND_OPINION = Greatest(
    F("extra_slots"), Value(0)
)  # a document settled under a smaller overlap is below 0


@dataclass(frozen=True)
class OverlapEffect:
    """What another overlap would do to the documents that annotators have labeled so far."""

    overlap: int
    settled_with_fewer: int  # settled documents with fewer answers than that; they stay, or open by choice
    settled_test_documents: int  # those of them that measure the model
    settles: int  # open documents that have enough answers already


def overlap_effect(project_id: int, manager: User, overlap: int) -> OverlapEffect:
    """Count what this overlap would change; nothing is changed. Raises NotFound, NotAllowed."""
    project = manager_of(project_id, manager).project
    short = _short(project, overlap)
    waiting = Document.objects.filter(project=project, state=Document.State.OPEN, leases__isnull=False)
    enough = waiting.annotate(filled=FILLED).filter(filled__gte=overlap + NO_SECOND_OPINION, filled__gt=0)
    return OverlapEffect(
        overlap=overlap,
        settled_with_fewer=short.count(),
        settled_test_documents=short.filter(split=Document.Split.TEST).count(),
        settles=enough.count() if overlap < project.overlap else 0,
    )


def change(project_id: int, manager: User, *, reopens_settled: bool = False, **changes: Any) -> Project:
    """Change the project's policy. What is settled stays settled; less overlap settles waiting documents.

    reopens_settled : with more overlap, settled documents are opened for further annotators too

    Kind and test share stay: answers and estimates depend on them. Raises NotAllowed, InvalidInput.
    """
    project = _set(project_id, manager, changes)
    if "overlap" in changes:
        _adapt_documents(project, reopens_settled=reopens_settled)
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
        raise InvalidInput(
            _("These settings cannot be changed: {names}.").format(names=", ".join(sorted(unknown)))
        )
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    project.most_overlap = max(project.most_overlap, project.overlap)
    if "hidden_metadata" in changes:
        changes["hidden_metadata"] = checked_fields(changes["hidden_metadata"])
        changes["shown_metadata"] = shown_instead(project, changes["hidden_metadata"])
    if changes.get("estimator"):
        check_estimator(changes["estimator"])
    for name, value in changes.items():
        setattr(project, name, value)
    is_expert = project.estimator_use == Project.EstimatorUse.EXPERT
    if project.kind == Project.Kind.SPANS and project.estimator and is_expert:
        raise InvalidInput(_("In span labeling, a model of another package can only be used alone."))
    check_storable(project)
    project.save(update_fields=[*changes, "most_overlap"])
    if "estimator" in changes or ("estimator_use" in changes and project.estimator):
        enqueue(project.pk, Job.Kind.TRAIN)
    return project


def _adapt_documents(project: Project, *, reopens_settled: bool) -> None:
    """Bring documents in step with the new overlap, some at a time. Safe to repeat.

    The overlap is committed by now. A submit that read the old one still holds its document, which is open
    and leased: to wait for the locks of those documents is to wait for such submits.
    """
    leased = Document.objects.filter(project=project, state=Document.State.OPEN, leases__isnull=False)
    below = Document.objects.filter(project=project, extra_slots__lt=0)
    short = _short(project, project.overlap)
    ids = sorted(
        {pk for documents in (leased, below, short) for pk in documents.values_list("pk", flat=True)}
    )
    for first in range(0, len(ids), BATCH_SIZE):
        some = ids[first : first + BATCH_SIZE]
        with transaction.atomic():
            # Everybody who locks several documents locks them by rising id, so nobody waits in a circle.
            locked = Document.objects.select_for_update(no_key=True).filter(pk__in=some).order_by("pk")
            list(locked.values_list("pk"))
            if reopens_settled:
                _reopen_short(project, some, is_head=first == 0)
            _fit_slots(project, some)
            for document in Document.objects.filter(pk__in=some, state=Document.State.OPEN).order_by("pk"):
                settle(document, project.overlap + document.extra_slots)


def _fit_slots(project: Project, ids: Sequence[int]) -> None:
    """Let settled documents want the answers that they have, and open ones what the project asks for."""
    documents = Document.objects.filter(pk__in=ids)
    answers = Lease.objects.filter(
        document=OuterRef("pk"), round=OuterRef("round"), state=Lease.State.SUBMITTED
    )
    counted = answers.order_by().values("document").annotate(n=Count("pk")).values("n")
    below = _settled(project).filter(extra_slots__lt=0)
    kept = [
        pk
        for settled in (_short(project, project.overlap), below)
        for pk in settled.filter(pk__in=ids).values_list("pk", flat=True)
    ]
    target_slots = Least(NO_SECOND_OPINION, Subquery(counted) - project.overlap)
    documents.filter(pk__in=kept).update(extra_slots=target_slots)
    documents.exclude(pk__in=kept).filter(extra_slots__lt=0).update(extra_slots=0)


def _reopen_short(project: Project, ids: Sequence[int], *, is_head: bool) -> None:
    """Open settled documents that have fewer answers than are wanted now, for further annotators."""
    reopened = sorted(_short(project, project.overlap).filter(pk__in=ids).values_list("pk", flat=True))
    Resolution.objects.filter(document__in=reopened).delete()
    Document.objects.filter(pk__in=reopened).update(state=Document.State.OPEN)
    if is_head:  # these come first; the others are found by the next ranking
        reason = SelectionReason(Share.OVERLAP).to_json()
        QueueEntry.objects.bulk_create(
            (
                QueueEntry(project=project, generation=generation, rank=-1, document_id=pk, reason=reason)
                for generation in Project.objects.filter(pk=project.pk).values_list("generation", flat=True)
                for pk in reopened
            ),
            ignore_conflicts=True,
        )
    for document in Document.objects.filter(pk__in=reopened, leases__state=Lease.State.SKIPPED).distinct():
        if is_given_up(document):
            dispute(document)


def _settled(project: Project) -> QuerySet[Document]:
    """Documents that their annotators' answers settled."""
    by_annotators = (Resolution.How.AGREED, Resolution.How.MAJORITY)
    return Document.objects.filter(project=project, resolution__how__in=by_annotators)


def _short(project: Project, overlap: int) -> QuerySet[Document]:
    """Documents that were settled by fewer answers than this overlap wants."""
    return _settled(project).annotate(filled=FILLED).filter(filled__lt=overlap + NO_SECOND_OPINION)
