"""Near-duplicates: documents that say nearly the same. A group keeps its number, its lowest position.

Documents are compared when they have arrived, before they get features: what can train has been compared.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import connection

from labeling.actions.owed import beat
from labeling.actions.waiting import Entry
from labeling.learning.arrays import Flags, Integers
from labeling.learning.minhash import FORMAT
from labeling.learning.near_duplicates import Candidates, join_new
from labeling.learning.signature_store import SHARD_ROWS, SignatureStore
from labeling.models import Document, Lease, OwedWork, Project

WRITE_BATCH_SIZE = 500  # rows; answers to one of them wait for milliseconds
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
    removed = Document.objects.removed_positions(project, count)
    groups = join_new(store, _numbered(known)[: project.grouped_count], project.grouped_count, removed)
    is_in_company = np.bincount(groups, minlength=count)[groups] > 1
    changed = np.flatnonzero(is_in_company & (groups != known))
    # By rising position: a group's first document moves before the others, so that a run that is cut short
    # leaves the others pointing at one that points on.
    for start in range(0, len(changed), WRITE_BATCH_SIZE):
        positions = changed[start : start + WRITE_BATCH_SIZE]
        _write(project, positions, groups[positions])
        beat(work)
    Project.objects.filter(pk=project.pk, grouped_count__lt=count).update(grouped_count=count)


def candidates_of(project: Project, is_open: Flags) -> Candidates:
    """What can be asked about of the pool, and which groups of near-duplicates have an answer.

    A group has an answer when one of its documents of the pool has: an answer to a test document teaches
    nothing. Exact copies of test documents, which teach nothing either, are no candidates.

    is_open : (n,) by position
    """
    is_candidate = is_open.copy()
    copies = Document.objects.copies_of_test_set(project.pk).filter(position__lt=len(is_open))
    is_candidate[list(copies.values_list("position", flat=True))] = False
    groups = _numbered(_known_groups(project, len(is_open)))
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


def _numbered(known: Integers) -> Integers:
    """The groups where a document alone is a group of its own."""
    return np.where(known == ALONE, np.arange(len(known)), known)


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


def _write(project: Project, positions: Integers, groups: Integers) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE, {"project": project.pk, "positions": positions.tolist(), "groups": groups.tolist()}
        )
