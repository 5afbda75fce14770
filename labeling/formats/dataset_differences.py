"""Dataset differences: what changed from one version of a dataset to another, document by document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from itertools import zip_longest

from labeling.formats.outlines import ProjectOutline
from labeling.formats.records import BadRow, Record
from labeling.formats.writers.final_labels import final_annotation

MAX_CHANGES = 500  # documents that are listed; all are counted
EXCERPT_CHARACTERS = 120


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    TEXT = "text"
    LABEL = "label"  # another final label
    LABELED = "labeled"  # a final label where there was none
    UNLABELED = "unlabeled"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """What happened to one document; before and after are the values that differ, as text."""

    change: Change
    document: str  # its ID, or the start of its text
    before: str = ""
    after: str = ""


@dataclass
class DatasetDifference:
    """All that differs; counts are complete, the list has the first documents only.

    renamed : new names of classes by the old ones; a rename is no change of labels
    guidelines : numbers of the versions that were published in between
    """

    counts: Counter[str] = field(default_factory=Counter)
    changes: list[DocumentChange] = field(default_factory=list)
    renamed: Mapping[str, str] = field(default_factory=dict)
    added_classes: tuple[str, ...] = ()
    removed_classes: tuple[str, ...] = ()
    guidelines: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        outline = self.renamed or self.added_classes or self.removed_classes or self.guidelines
        return not self.counts and not outline

    def add(self, change: Change, document: str, before: str = "", after: str = "") -> None:
        self.counts[change.value] += 1
        if len(self.changes) < MAX_CHANGES:
            self.changes.append(DocumentChange(change, document, before, after))


def difference(
    old: tuple[ProjectOutline, Iterable[Record]], new: tuple[ProjectOutline, Iterable[Record]]
) -> DatasetDifference:
    """What changed from the old version to the new one.

    Both have their documents in the same order, so a document waits in memory only until its counterpart
    comes: memory grows with the documents that were added or removed, not with the dataset.

    >>> outline = ProjectOutline("Review Queue")
    >>> records = [Record(1, "Hi", "7", labels=("a",)), Record(2, "Bye", "8")]
    >>> changed = difference((outline, records), (outline, [Record(1, "Hi", "7", labels=("b",))]))
    >>> [(each.change.value, each.document) for each in changed.changes]
    [('label', '7'), ('removed', '8')]
    """
    result = _outline_difference(old[0], new[0])
    waiting_old: dict[bytes, _Document] = {}
    waiting_new: dict[bytes, _Document] = {}
    for before, after in zip_longest(old[1], new[1]):
        if before is not None:
            _meet(_Document.of(before, result.renamed), waiting_old, waiting_new, result, is_old=True)
        if after is not None:
            _meet(_Document.of(after, {}), waiting_new, waiting_old, result, is_old=False)
    for document in waiting_old.values():
        result.add(Change.REMOVED, document.name)
    for document in waiting_new.values():
        result.add(Change.ADDED, document.name)
    return result


@dataclass(frozen=True, slots=True)
class _Document:
    """What is compared of a document; its text only as a digest."""

    key: bytes
    name: str
    text: bytes
    label: str | None
    split: str

    @classmethod
    def of(cls, record: Record, renamed: Mapping[str, str]) -> _Document:
        text = _digest(record.text)
        name = record.external_id or record.text[:EXCERPT_CHARACTERS]
        key = text if record.external_id is None else b"id " + record.external_id.encode()
        return cls(key, name, text, _label(record, renamed), record.split or "")


def _meet(
    document: _Document,
    own: dict[bytes, _Document],
    others: dict[bytes, _Document],
    result: DatasetDifference,
    *,
    is_old: bool,
) -> None:
    """Compare the document with its counterpart, if that has come; else it waits."""
    other = others.pop(document.key, None)
    if other is None:
        own[document.key] = document
        return
    before, after = (document, other) if is_old else (other, document)
    if before.text != after.text:
        result.add(Change.TEXT, after.name)
    if before.split != after.split:
        result.add(Change.SPLIT, after.name, before.split, after.split)
    if before.label != after.label:
        change = Change.LABEL
        if before.label is None:
            change = Change.LABELED
        elif after.label is None:
            change = Change.UNLABELED
        result.add(change, after.name, before.label or "", after.label or "")


def _outline_difference(old: ProjectOutline, new: ProjectOutline) -> DatasetDifference:
    """Classes keep their place when they are renamed, and none is ever deleted."""
    before, after = ([each.name for each in outline.classes] for outline in (old, new))
    renamed = {
        name: other
        for name, other in zip(before, after, strict=False)
        if name != other and name not in after and other not in before
    }
    return DatasetDifference(
        renamed=renamed,
        added_classes=tuple(n for n in after if n not in before and n not in renamed.values()),
        removed_classes=tuple(n for n in before if n not in after and n not in renamed),
        guidelines=tuple(range(len(old.guidelines) + 1, len(new.guidelines) + 1)),
    )


def _label(record: Record, renamed: Mapping[str, str]) -> str | None:
    """The final label as text; None for an unlabeled or disputed document."""
    final = final_annotation(record, _ignore)
    if final is None:
        return None
    if final.spans is not None:
        spans = sorted((span.start, span.end, renamed.get(span.label, span.label)) for span in final.spans)
        return ", ".join(f"{start}-{end} {label}" for start, end, label in spans)
    return ", ".join(sorted(renamed.get(label, label) for label in final.labels or ()))


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def _ignore(loss: BadRow) -> None:
    """A disputed document has no final label."""
