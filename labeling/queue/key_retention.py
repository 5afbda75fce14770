"""Retention of idempotency keys: those that nobody will send again are deleted, also those of claims."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from labeling.db.clock import Now
from labeling.idempotency.models import KeyedRequest
from labeling.queue.models import Claim

MAX_AGE = timedelta(days=30)  # longer than any outbox waits
BATCH = 5_000  # rows that one statement deletes
MAX_BATCHES = 100  # in a run, of which there is one an hour


def forget_old() -> int:
    """Delete them. Returns how many."""
    return _forget(KeyedRequest.objects.all()) + _forget(Claim.objects.all())


def _forget(rows: QuerySet[Any]) -> int:
    """The oldest first, a bounded part in each statement, so that none of them holds others up."""
    forgotten = 0
    for _round in range(MAX_BATCHES):
        oldest = rows.filter(created_at__lt=Now() - MAX_AGE).order_by("created_at")[:BATCH]
        deleted, _by_table = rows.filter(pk__in=oldest.values("pk")).delete()
        forgotten += deleted
        if deleted < BATCH:
            break
    return forgotten
