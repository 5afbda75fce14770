"""Document insertion: documents come in by COPY, in chunks of one transaction each, and never twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from labeling.documents.imports import ImportJob
from labeling.documents.models import Document
from labeling.exceptions import NotFound
from labeling.formats.records import Record
from labeling.learning.text.limits import READ_CHARACTERS
from labeling.projects.members import manager_of
from labeling.projects.models import Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Rows wait here until it is known which are new; those of an earlier chunk in this transaction go first.
STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_document (
        ordinal integer, external_id text, text text, metadata jsonb, content_hash bytea, split text,
        random_key double precision, source text
    ) ON COMMIT DELETE ROWS;
    DELETE FROM incoming_document
"""
COPY = """
    COPY incoming_document (ordinal, external_id, text, metadata, content_hash, split, random_key, source)
    FROM STDIN
"""
# Two looks at the database: an index serves each of the two identities. Row by row, which OFFSET 0 enforces:
# before its first ANALYZE a growing table looks small to the planner, which would read all of it each time.
KNOWN = """
    SELECT i.ordinal, d.id, d.content_hash = i.content_hash
    FROM incoming_document i
    CROSS JOIN LATERAL (
        SELECT id, content_hash FROM labeling_document
        WHERE project_id = %(project)s AND external_id = i.external_id OFFSET 0
    ) d
    UNION ALL
    SELECT i.ordinal, d.id, true
    FROM incoming_document i
    CROSS JOIN LATERAL (
        SELECT id FROM labeling_document
        WHERE project_id = %(project)s AND content_hash = i.content_hash AND external_id IS NULL OFFSET 0
    ) d
    WHERE i.external_id IS NULL
"""
ADD = """
    WITH first AS (
        SELECT DISTINCT ON (external_id, CASE WHEN external_id IS NULL THEN content_hash END) *
        FROM incoming_document
        WHERE ordinal <> ALL(%(existing)s)
        ORDER BY external_id, CASE WHEN external_id IS NULL THEN content_hash END, ordinal
    )
    INSERT INTO labeling_document (project_id, external_id, text, metadata, content_hash, split, random_key,
                                   source, import_job_id, position, state, round, extra_slots)
    SELECT %(project)s, external_id, text, metadata, content_hash, split, random_key, source, %(job)s,
           %(position)s + row_number() OVER (ORDER BY ordinal) - 1, 'open', 0, 0
    FROM first
    ORDER BY ordinal
    RETURNING id, position
"""
_ENCODER = json.JSONEncoder(ensure_ascii=False)


@dataclass
class Added:
    """What became of one chunk of records."""

    ids: dict[int, int] = field(default_factory=dict)  # index of the record: document, new or known
    added: int = 0
    duplicates: int = 0  # the same document was here already, or stood earlier in the chunk
    long: int = 0  # of the new ones: longer than what the models read
    changed: list[int] = field(default_factory=list)  # indexes: their id names another text, not stored


def content_hash(text: str) -> bytes:
    """16 bytes that are equal for equal texts."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def random_key(project: Project, digest: bytes, split: str | None = None) -> float:
    """A number in [0, 1) that is fixed by project and text: equal texts share a split, and it never changes.

    Where the file says which split a document belongs to, the number lies in that split's range.
    """
    key_digest = hashlib.blake2b(digest, digest_size=8, key=str(project.pk).encode()).digest()
    key = (int.from_bytes(key_digest, "big") >> 11) / (1 << 53)
    if split == Document.Split.TEST:
        return key * project.test_share
    if split == Document.Split.POOL:
        return project.test_share + key * (1 - project.test_share)
    return key


@transaction.atomic
def add(project_id: int, records: Sequence[Record], source: str = "", job: ImportJob | None = None) -> Added:
    """Store the records that are new, in their order. Known by external id, or without one by their text.

    source : where they come from, such as the name of a file; of known ones the first one stays
    Of an id with several texts the first one stays: the others get no document in `ids`, so nothing that they
    say can reach it. Two imports of one project take turns.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    digests = [content_hash(record.text) for record in records]
    result = Added()
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        with cursor.copy(COPY) as copy:
            for row in _rows(project, records, digests):
                copy.write_row((*row, source))
        cursor.execute(KNOWN, {"project": project_id})
        for index, document_id, is_same in cursor.fetchall():
            if is_same:
                result.ids[index] = document_id
            else:
                result.changed.append(index)
        parameters: dict[str, Any] = {
            "project": project_id,
            "position": project.document_count,
            "job": job and job.pk,
            "existing": [*result.ids, *result.changed],
        }
        cursor.execute(ADD, parameters)
        new = sorted(cursor.fetchall(), key=lambda row: row[1])
    _note_new(result, records, digests, [document_id for document_id, _ in new])
    project.document_count += result.added
    project.save(update_fields=["document_count"])
    return result


def _rows(
    project: Project, records: Sequence[Record], digests: Sequence[bytes]
) -> Iterator[tuple[object, ...]]:
    for index, (record, digest) in enumerate(zip(records, digests, strict=True)):
        key = random_key(project, digest, record.split)
        split = record.split or (Document.Split.TEST if key < project.test_share else Document.Split.POOL)
        metadata = _ENCODER.encode(record.metadata) if record.metadata else "{}"
        yield index, record.external_id, record.text, metadata, digest, str(split), key


def _note_new(
    result: Added, records: Sequence[Record], digests: Sequence[bytes], new_ids: Sequence[int]
) -> None:
    """Give each record its document: new ones come back in the order of the records that were new."""
    ids = iter(new_ids)
    new: dict[str | bytes, tuple[int, bytes]] = {}  # by id or text: the document, and its text's hash
    result.duplicates = len(result.ids)
    decided = {*result.ids, *result.changed}
    for index, (record, digest) in enumerate(zip(records, digests, strict=True)):
        if index in decided:
            continue
        identity = record.external_id or digest
        if identity not in new:
            new[identity] = next(ids), digest
            result.added += 1
            result.long += len(record.text) > READ_CHARACTERS
        elif new[identity][1] == digest:
            result.duplicates += 1
        else:
            result.changed.append(index)
            continue
        result.ids[index] = new[identity][0]


def managed_document(project_id: int, manager: User, document_id: int) -> Document:
    """The document, locked, for its manager. Raises NotAMember, NotAllowed, NotFound."""
    manager_of(project_id, manager)
    document = (
        Document.objects.select_for_update(of=("self",), no_key=True)
        .select_related("project")
        .filter(project=project_id, pk=document_id)
        .first()
    )
    if document is None:
        raise NotFound
    return document
