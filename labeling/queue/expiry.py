"""Lease expiry: slots whose lease ran out. Claims free those that they come by; this frees the rest."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from labeling.db.prepared import run
from labeling.documents.models import Document
from labeling.queue import sql
from labeling.queue.models import Lease


def expire_leases(project_id: int, limit: int = 500) -> int:
    """Free slots of leases that ran out, to keep counts fresh (claims need no sweep). Returns how many."""
    freed = 0
    overdue = Lease.objects.overdue().filter(project=project_id).order_by("leased_until")
    for document_id in overdue.values_list("document_id", flat=True)[:limit]:
        free = Document.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=document_id)
        with transaction.atomic():
            if free.values_list("pk").first():
                freed += expire([document_id])
    return freed


def expire(document_ids: Sequence[int]) -> int:
    """Free the slots of overdue leases of documents that the caller has locked. Returns how many."""
    return len(run(sql.EXPIRE_LOCKED, {"documents": list(document_ids)}))
