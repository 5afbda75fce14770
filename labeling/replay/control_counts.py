"""Control arm counts: labels that the random share has brought, and labeled test documents."""

from __future__ import annotations

from labeling.annotations.models import Resolution
from labeling.documents.models import Document
from labeling.explanations.selection_reason import ReasonKey
from labeling.learning.query_strategies.mix import Share
from labeling.projects.models import Project
from labeling.queue.models import Lease, LeaseQuerySet


def drawn_at_random(project: Project) -> LeaseQuerySet:
    """First answers to documents that the random share drew."""
    return Lease.objects.filter(
        project=project, state=Lease.State.SUBMITTED, round=0, **{f"reason__{ReasonKey.SHARE}": Share.RANDOM}
    ).exclude(**{f"reason__{ReasonKey.PROPENSITY}": None})


def random_labels(project: Project, limit: int | None = None) -> int:
    """Documents with a label that the random share drew, counted up to a limit."""
    return drawn_at_random(project).order_by().values("document").distinct()[:limit].count()


def labeled_test_documents(project: Project, limit: int | None = None) -> int:
    """Test documents with a final label, counted up to a limit."""
    of_test = Resolution.objects.filter(project=project, document__split=Document.Split.TEST)
    return of_test[:limit].count()
