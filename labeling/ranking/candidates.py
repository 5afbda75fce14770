"""Candidates: what can be asked about of the pool, one document of each group of near-duplicates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labeling.documents.models import Document
from labeling.documents.near_duplicates import known_groups, numbered
from labeling.learning.arrays.types import Flags
from labeling.learning.text.near_duplicates import Candidates
from labeling.projects.models import Project
from labeling.queue.models import Entry, Lease


def candidates_of(project: Project, is_open: Flags) -> Candidates:
    """What can be asked about of the pool, and which groups of near-duplicates have an answer.

    A group has an answer when one of its documents of the pool has: an answer to a test document teaches
    nothing. Exact copies of test documents, which teach nothing either, are no candidates.

    is_open : (n,) by position
    """
    is_candidate = is_open.copy()
    copies = Document.objects.copies_of_test_set(project.pk).filter(position__lt=len(is_open))
    is_candidate[list(copies.values_list("position", flat=True))] = False
    groups = numbered(known_groups(project, len(is_open)))
    answered = np.array(_answered_groups(project), dtype=np.int64)
    return Candidates.of(groups, is_candidate, answered[answered < len(is_open)])


def apart_from(picked: Sequence[Entry], others: Sequence[Entry]) -> list[Entry]:
    """The others that are neither picked themselves nor near-duplicates of what is.

    Test documents stay, whatever they are like: what is measured is a random part of all that comes.
    """
    if not picked:
        return list(others)
    names = {document for document, _ in picked}
    grouped = Document.objects.filter(pk__in=names, near_duplicate_group__isnull=False)
    alike = Document.objects.pool().filter(
        pk__in=[document for document, _ in others],
        near_duplicate_group__in=grouped.values("near_duplicate_group"),
    )
    left_out = names | set(alike.values_list("pk", flat=True))
    return [entry for entry in others if entry[0] not in left_out]


def _answered_groups(project: Project) -> list[int | None]:
    """Groups with a document of the pool that somebody has answered."""
    grouped = Document.objects.pool().filter(project=project, near_duplicate_group__isnull=False)
    settled = grouped.filter(state__in=[Document.State.DISPUTED, Document.State.RESOLVED])
    begun = Lease.objects.filter(
        project=project,
        state=Lease.State.SUBMITTED,
        document__near_duplicate_group__isnull=False,
        document__split=Document.Split.POOL,
    )
    return [
        *settled.values_list("near_duplicate_group", flat=True),
        *begun.values_list("document__near_duplicate_group", flat=True),
    ]
