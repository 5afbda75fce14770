"""Queue publishing: a new order replaces the old one whole, at once, and never from an older run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from labeling.db.prepared import run
from labeling.projects.models import Project
from labeling.queue import sql
from labeling.queue.models import Entry

PURGE_BATCH_SIZE = 2_000  # entries deleted in one transaction, so that nobody waits for it


def next_generation() -> int:
    """The number of a ranking that begins now; one that begins later gets a higher one."""
    return int(run(sql.NEXT_GENERATION, {})[0][0])


@transaction.atomic
def publish(project_id: int, generation: int, entries: Sequence[Entry]) -> bool:
    """Make (document id, reason) pairs, best first, the project's order; False where a newer order is there.

    Readers see the whole old order or the whole new one. Documents that are not open, or not of this project,
    get no entry. Leases are untouched.
    """
    newer = Project.objects.filter(pk=project_id, generation__lt=generation).update(generation=generation)
    if not newer:
        return False
    parameters: dict[str, Any] = {
        "project": project_id,
        "generation": generation,
        "documents": [document for document, _ in entries],
        "reasons": [json.dumps(reason.to_json(), ensure_ascii=False) for _, reason in entries],
    }
    run(sql.INSERT_ENTRIES, parameters)
    return True


def purge(project_id: int) -> int:
    """Delete entries of old orders in small batches; the current and the one before stay. Returns how many.

    The one before is still being read by claims that began before the change.
    """
    purged = 0
    while True:
        deleted = len(run(sql.PURGE_ENTRIES, {"project": project_id, "count": PURGE_BATCH_SIZE}))
        purged += deleted
        if deleted < PURGE_BATCH_SIZE:
            return purged
