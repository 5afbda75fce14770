"""Simulated answers: what simulated annotators know. A labeled data set, split into pool and test set."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from labeling.documents.models import Document
from labeling.formats.reading import Format, read
from labeling.formats.records import BadRow, Record
from labeling.projects.models import Project

TEST_SHARE = 0.25  # where the file does not say which rows are the test set
SEED = 0  # of the split and of the pool's order: seeds of a simulation share both


class UnusableData(ValueError):
    """The file cannot be simulated."""


@dataclass(frozen=True)
class Truth:
    """A labeled data set. A document's external id is its place in `records`."""

    kind: str
    records: list[Record]  # pool and test rows in one random order, with their answers
    class_names: list[str]

    @property
    def pool(self) -> list[Record]:
        return [record for record in self.records if record.split == Document.Split.POOL]

    def questions(self) -> Iterator[Record]:
        """The records as they are imported: only test rows come with their answer."""
        for record in self.records:
            is_test = record.split == Document.Split.TEST
            yield record if is_test else replace(record, labels=None, spans=None)


def read_truth(path: Path, kind: str) -> Truth:
    """Read a JSONL file, gzip or not. Raises UnusableData, and UnreadableFile and OSError as reading does."""
    with path.open("rb") as stream:
        rows = list(read(stream, Format.JSONL))
    for row in rows:
        if isinstance(row, BadRow):
            raise UnusableData(f"Line {row.line}: {row.reason}")
    records = [_of_kind(row, kind) for row in rows if isinstance(row, Record)]
    order = random.Random(SEED)
    order.shuffle(records)
    has_test = any(record.split == Document.Split.TEST for record in records)
    splits = [
        record.split if has_test else (Document.Split.TEST if order.random() < TEST_SHARE else None)
        for record in records
    ]
    records = [
        replace(record, external_id=str(index), line=index + 1, metadata={}, split=str(split or "pool"))
        for index, (record, split) in enumerate(zip(records, splits, strict=True))
    ]
    truth = Truth(kind, records, sorted({name for record in records for name in _names(record)}))
    if not truth.pool or len(truth.pool) == len(records) or not truth.class_names:
        raise UnusableData("The file needs pool rows, test rows and at least one class.")
    return truth


def _of_kind(record: Record, kind: str) -> Record:
    """The record with the answer that this kind of project takes. Raises UnusableData."""
    if kind == Project.Kind.SPANS:
        if record.spans is None:
            raise UnusableData(f"Line {record.line} has no spans.")
        return replace(record, labels=None)
    if record.labels is None or (kind == Project.Kind.SINGLE and len(record.labels) != 1):
        raise UnusableData(f"Line {record.line} needs {'one label' if kind == 'single' else 'labels'}.")
    return replace(record, spans=None)


def _names(record: Record) -> list[str]:
    return [span.label for span in record.spans or ()] + list(record.labels or ())
