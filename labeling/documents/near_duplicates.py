"""Near-duplicates: documents that say nearly the same. A group keeps its number, its lowest position.

Documents are compared when they have arrived, before they get features: what can train has been compared.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import connection

from labeling.documents.models import Document
from labeling.jobs.models import Job
from labeling.jobs.outbox import beat
from labeling.learning.arrays.sharded_store import SHARD_ROWS
from labeling.learning.arrays.types import Integers
from labeling.learning.text.minhash import FORMAT
from labeling.learning.text.near_duplicates import join_new
from labeling.learning.text.signature_store import SignatureStore
from labeling.projects.models import Project

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


def group_new(job: Job, count: int) -> None:
    """Compare the documents that came since the last time with all before them; resumable.

    Only documents in a group of two or more are written, and of those the ones whose group has changed.
    """
    project = Project.objects.get(pk=job.project_id)
    store = _sign_new(job, count)
    if project.grouped_count >= count:
        return
    existing = known_groups(project, count)
    removed = Document.objects.removed_positions(project, count)
    groups = join_new(store, numbered(existing)[: project.grouped_count], project.grouped_count, removed)
    is_in_company = np.bincount(groups, minlength=count)[groups] > 1
    changed = np.flatnonzero(is_in_company & (groups != existing))
    # By rising position: a group's first document moves before the others, so that a run that is cut short
    # leaves the others pointing at one that points on.
    for start in range(0, len(changed), WRITE_BATCH_SIZE):
        positions = changed[start : start + WRITE_BATCH_SIZE]
        _write(project, positions, groups[positions])
        beat(job)
    Project.objects.filter(pk=project.pk, grouped_count__lt=count).update(grouped_count=count)


def _sign_new(job: Job, count: int) -> SignatureStore:
    folder = signatures_folder(job.project_id)
    store = SignatureStore.open(folder)
    if len(store) > count:  # a database of yesterday beside the files of today: sign what is there now
        shutil.rmtree(folder)
        store = SignatureStore.open(folder)
    while (first := len(store)) < count:
        behind = min(first - first % SHARD_ROWS + SHARD_ROWS, count)
        store = store.append(Document.objects.texts_from(job.project_id, first, behind))
        beat(job)
    return store


def known_groups(project: Project, count: int) -> Integers:
    """(count,) the group of each document by its position, ALONE without one."""
    groups = np.full(count, ALONE, dtype=np.int64)
    grouped = Document.objects.filter(project=project, near_duplicate_group__isnull=False)
    rows = grouped.filter(position__lt=count).values_list("position", "near_duplicate_group")
    positions, numbers = np.array(list(rows), dtype=np.int64).reshape(-1, 2).T
    groups[positions] = numbers
    return groups


def numbered(existing: Integers) -> Integers:
    """The groups where a document alone is a group of its own."""
    return np.where(existing == ALONE, np.arange(len(existing)), existing)


def _write(project: Project, positions: Integers, groups: Integers) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE, {"project": project.pk, "positions": positions.tolist(), "groups": groups.tolist()}
        )
