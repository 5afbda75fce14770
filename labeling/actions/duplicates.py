"""Which documents say nearly the same? A group's number is its lowest position; it keeps it as it grows.

Documents are compared when they have arrived, before they get features: what can train has been compared.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.db.models import Q

from labeling.actions.owed import beat
from labeling.learning.arrays import Flags, Integers
from labeling.learning.minhash import FORMAT
from labeling.learning.near_duplicates import join_new
from labeling.learning.signature_store import SHARD_ROWS, SignatureStore
from labeling.models import Document, Lease, OwedWork, Project

WRITTEN_AT_ONCE = 500  # rows; answers to one of them wait for milliseconds
ALONE = -1

# Rows are locked by rising id, as everywhere.
WRITE = """
    WITH changed AS (
        SELECT d.id, given.group_number
        FROM unnest(%(positions)s::bigint[], %(groups)s::bigint[]) AS given(position, group_number)
        JOIN labeling_document d ON d.project_id = %(project)s AND d.position = given.position
        ORDER BY d.id
        FOR NO KEY UPDATE OF d
    )
    UPDATE labeling_document d SET near_duplicate_group = changed.group_number
    FROM changed WHERE d.id = changed.id
"""


def signatures_folder(project_id: int) -> Path:
    return Path(settings.FEATURES_DIR) / str(project_id) / f"signatures-{FORMAT}"


def group_new(work: OwedWork, count: int) -> None:
    """Compare the documents that came since the last time with all before them; resumable.

    Only documents in a group of two or more are written, and of those the ones whose group has changed.
    """
    project = Project.objects.get(pk=work.project_id)
    store = _sign_new(work, count)
    if project.grouped_count >= count:
        return
    known = _known_groups(project, count)
    before = np.where(known == ALONE, np.arange(count), known)
    groups = join_new(store, before[: project.grouped_count], project.grouped_count)
    is_in_company = np.bincount(groups, minlength=count)[groups] > 1
    changed = np.flatnonzero(is_in_company & (groups != known))
    # By rising position: a group's first document moves before the others, so that a run that is cut short
    # leaves the others pointing at one that points on.
    for start in range(0, len(changed), WRITTEN_AT_ONCE):
        positions = changed[start : start + WRITTEN_AT_ONCE]
        _write(project, positions, groups[positions])
        beat(work)
    Project.objects.filter(pk=project.pk, grouped_count__lt=count).update(grouped_count=count)


def one_of_each_group(project: Project, is_eligible: Flags) -> Flags:
    """Leave of every group of near-duplicates the first eligible document, none where the team knows one.

    A group is known when one of its documents has an answer or is a test document. The others are not lost:
    they come when nothing else is left.

    is_eligible : (n,) by position
    returns : (n,), a subset
    """
    group_of = _known_groups(project, len(is_eligible))
    is_alone = group_of == ALONE
    is_known = np.isin(group_of, np.array(_answered_groups(project), dtype=np.int64))
    candidates = np.flatnonzero(is_eligible & ~is_alone & ~is_known)
    _, first = np.unique(group_of[candidates], return_index=True)
    thinned = is_eligible & is_alone
    thinned[candidates[first]] = True
    return thinned


def first_of_each_group(entries: Sequence[tuple[int, dict[str, Any]]]) -> list[tuple[int, dict[str, Any]]]:
    """Entries of a queue (document, reason) without those whose near-duplicate stands before them."""
    grouped = Document.objects.filter(
        pk__in=[document for document, _ in entries], near_duplicate_group__isnull=False
    )
    group_of = dict(grouped.values_list("pk", "near_duplicate_group"))
    seen: set[int | None] = set()
    kept = []
    for document, reason in entries:
        group = group_of.get(document)
        if group is None or group not in seen:
            kept.append((document, reason))
            seen.add(group)
    return kept


def _sign_new(work: OwedWork, count: int) -> SignatureStore:
    folder = signatures_folder(work.project_id)
    store = SignatureStore.open(folder)
    if len(store) > count:  # a database of yesterday beside the files of today: sign what is there now
        shutil.rmtree(folder)
        store = SignatureStore.open(folder)
    while (first := len(store)) < count:
        behind = min(first - first % SHARD_ROWS + SHARD_ROWS, count)
        store = store.append(Document.objects.texts_from(work.project_id, first, behind))
        beat(work)
    return store


def _known_groups(project: Project, count: int) -> Integers:
    """(count,) the group of each document by its position, ALONE without one."""
    groups = np.full(count, ALONE, dtype=np.int64)
    grouped = Document.objects.filter(project=project, near_duplicate_group__isnull=False)
    found = grouped.filter(position__lt=count).values_list("position", "near_duplicate_group")
    positions, numbers = np.array(list(found), dtype=np.int64).reshape(-1, 2).T
    groups[positions] = numbers
    return groups


def _answered_groups(project: Project) -> list[int | None]:
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


def _write(project: Project, positions: Integers, groups: Integers) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE, {"project": project.pk, "positions": positions.tolist(), "groups": groups.tolist()}
        )
