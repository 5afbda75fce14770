"""Project outlines: what a file says of the project that it comes from, beside the documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from labeling.formats.records import BadRow, Record

Kind: TypeAlias = Literal["single", "multi", "spans"]


@dataclass(frozen=True, slots=True)
class OutlineClass:
    """A label class as a file describes it; what the file does not say is empty."""

    name: str
    description: str = ""
    color: str = ""  # #rrggbb
    shortcut: str = ""
    is_active: bool = True  # False: retired
    seed_words: tuple[str, ...] = ()  # that find documents of it


@dataclass(frozen=True, slots=True)
class OutlineRule:
    """How one version of a guideline defines one class; examples are one per line."""

    label_class: str
    definition: str = ""
    examples: str = ""
    counter_examples: str = ""


@dataclass(frozen=True, slots=True)
class OutlineGuideline:
    """One version of a guideline, as Markdown."""

    text: str
    summary: str = ""  # what changed
    created_at: str = ""  # ISO 8601
    author: str = ""
    change: str = ""  # "first", "clarification" or "rule"; empty where the file has no such thing
    rules: tuple[OutlineRule, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectOutline:
    """A project without its documents.

    tool : where the file comes from, as its users call it ("Label Studio")
    kind : None where neither the file nor its labels tell
    guidelines : the versions, the oldest first
    losses : what of the file cannot be taken, a sentence each, in English
    """

    tool: str
    name: str = ""
    kind: Kind | None = None
    description: str = ""
    classes: tuple[OutlineClass, ...] = ()
    guidelines: tuple[OutlineGuideline, ...] = ()
    allows_overlapping_spans: bool = False
    losses: tuple[str, ...] = ()
    is_complete: bool = False  # what it leaves empty was empty, as in our own datasets

    @property
    def has_versions(self) -> bool:
        """Whether its guidelines are all versions of the project, the first one among them."""
        return self.is_complete and bool(self.guidelines)


def outline_of(tool: str, rows: Iterable[Record | BadRow], *, name: str = "") -> ProjectOutline:
    """The outline that the labels themselves tell, for files that do not describe their project.

    The kind is spans where any record has spans, multi where any annotation has other than one class.

    >>> outline_of("Prodigy", [Record(1, "Hi", labels=("greeting", "short"))]).kind
    'multi'
    """
    counts: Counter[str] = Counter()
    has_spans = has_labels = has_several = overlaps = False
    for row in rows:
        if isinstance(row, BadRow):
            continue
        for answer in row.answers:
            if answer.spans is not None:
                has_spans = True
                counts.update(span.label for span in answer.spans)
                ends = sorted((span.start, span.end) for span in answer.spans)
                overlaps |= any(a[1] > b[0] for a, b in pairwise(ends))
            elif answer.labels is not None:
                has_labels = True
                has_several |= len(answer.labels) != 1
                counts.update(answer.labels)
    kind: Kind | None = None
    if has_spans:
        kind = "spans"
    elif has_labels:
        kind = "multi" if has_several else "single"
    classes = tuple(OutlineClass(label) for label in counts)
    return ProjectOutline(tool, name, kind, classes=classes, allows_overlapping_spans=overlaps)


@dataclass(frozen=True, slots=True)
class DatasetFeatures:
    """What a data set contains that some format cannot hold.

    annotators : how many people annotated; per_document the most annotations that one document has
    """

    kind: Kind
    documents: int = 0
    unlabeled: int = 0  # documents without any annotation
    annotators: int = 0
    per_document: int = 0
    has_metadata: bool = False
    has_splits: bool = False
    has_overlapping_spans: bool = False
    has_no_class: bool = False  # documents to which no class applies
    has_predictions: bool = False
    has_provenance: bool = False  # times, notes, guideline versions, how each document was chosen
    has_guideline: bool = False
    class_names: tuple[str, ...] = ()
