"""Which documents say nearly the same? A group's number is its lowest position; it keeps it as it grows."""

from __future__ import annotations

import numpy as np
from django.db.models import Q

from labeling.learning.arrays import Flags
from labeling.models import Document, Lease, Project


def one_of_each_group(project: Project, is_eligible: Flags) -> Flags:
    """Leave of every group of near-duplicates the first eligible document, none where the team knows one.

    A group is known when one of its documents has an answer or is a test document. The others are not lost:
    they come when nothing else is left.

    is_eligible : (n,) by position
    returns : (n,), a subset
    """
    grouped = Document.objects.filter(project=project, near_duplicate_group__isnull=False)
    found = grouped.filter(position__lt=len(is_eligible)).values_list("position", "near_duplicate_group")
    if not found:
        return is_eligible
    positions, groups = np.array(found, dtype=np.int64).T
    is_known = np.isin(groups, np.array(_known_groups(project), dtype=np.int64))
    is_candidate = is_eligible[positions] & ~is_known
    candidates = np.sort(positions[is_candidate])
    group_of = np.full(len(is_eligible), -1, dtype=np.int64)
    group_of[positions] = groups
    _, first = np.unique(group_of[candidates], return_index=True)
    thinned = is_eligible.copy()
    thinned[positions] = False
    thinned[candidates[first]] = True
    return thinned


def _known_groups(project: Project) -> list[int | None]:
    """Groups with a test document, or with one that somebody has answered."""
    grouped = Document.objects.filter(project=project, near_duplicate_group__isnull=False)
    settled = grouped.filter(
        Q(split=Document.Split.TEST) | Q(state__in=[Document.State.DISPUTED, Document.State.RESOLVED])
    )
    begun = Lease.objects.filter(
        project=project, state=Lease.State.SUBMITTED, document__near_duplicate_group__isnull=False
    )
    return [
        *settled.values_list("near_duplicate_group", flat=True),
        *begun.values_list("document__near_duplicate_group", flat=True),
    ]
