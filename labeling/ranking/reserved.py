"""Reserved shares: documents that come whatever the strategy says, such as the test set or begun ones."""

from __future__ import annotations

from django.db.models import Count, F

from labeling.documents.models import Document
from labeling.explanations.selection_reason import SelectionReason
from labeling.learning.query_strategies.mix import Share
from labeling.projects.models import Project
from labeling.queue.models import Entry, Lease


def started_documents(project: Project, limit: int) -> list[Entry]:
    """Open documents that wait for further answers of the first labeling, the oldest first."""
    begun = (
        Document.objects.pool()
        .filter(project=project, state=Document.State.OPEN, extra_slots=0)
        .filter(leases__state=Lease.State.SUBMITTED, leases__round=F("round"))
        .annotate(n_answers=Count("leases"))
        .order_by("pk")
    )
    return [
        (pk, SelectionReason(Share.OVERLAP, answers=n_answers, overlap=project.overlap))
        for pk, n_answers in begun.values_list("pk", "n_answers")[:limit]
    ]


def test_documents(project: Project, limit: int) -> list[Entry]:
    """The test set grows along its random key, so that a small one is part of every larger one."""
    waiting = Document.objects.test_set().filter(project=project, state=Document.State.OPEN, extra_slots=0)
    documents = waiting.order_by("random_key").values_list("pk", flat=True)[:limit]
    return [(pk, SelectionReason(Share.TEST)) for pk in documents]
