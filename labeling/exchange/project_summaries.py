"""Project summaries: what another tool's file holds, counted before anything of it is imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from labeling.documents.insert import content_hash
from labeling.exchange import sources
from labeling.exchange.project_imports import usable_outline
from labeling.exchange.sources import open_rows, outline_of_file
from labeling.formats.names import normal_name
from labeling.formats.outlines import OutlineClass, OutlineGuideline, OutlineRule, ProjectOutline
from labeling.formats.records import BadRow, Record, UnreadableFile

MAX_OUTLINE_BYTES = 64 * 1024 * 1024  # unpacked; a larger file is not read twice within a request
MAX_LISTED_ROWS = 20  # bad rows with line and reason
MAX_LISTED_ANNOTATORS = 200
MAX_LISTED_CLASSES = 1_000
UNNAMED = ""  # the annotator of annotations without a name


@dataclass(frozen=True)
class ProjectSummary:
    """A project of another tool with the counts of its documents; all counts are of documents.

    labeled : documents with an annotation; skipped ones have none
    annotators : by name, the most active first; UNNAMED where the file names nobody
    splits : by "pool", "test", and "" for documents whose split will be drawn
    class_counts : by class name, whether the outline lists it or not
    bad_rows : the first MAX_LISTED_ROWS of `bad`
    failure : why the rest of the file cannot be read, in English; empty if all of it can
    """

    outline: ProjectOutline
    documents: int = 0
    labeled: int = 0
    predicted: int = 0
    bad: int = 0
    annotators: tuple[tuple[str, int], ...] = ()
    splits: tuple[tuple[str, int], ...] = ()
    class_counts: tuple[tuple[str, int], ...] = ()
    bad_rows: tuple[BadRow, ...] = ()
    failure: str = ""

    @property
    def unlabeled(self) -> int:
        return self.documents - self.labeled

    @property
    def describes_project(self) -> bool:
        """Whether the file says of what kind its project is, or which classes it has."""
        return bool(self.outline.kind or self.outline.classes)

    def as_json(self) -> dict[str, Any]:
        bad_rows = [
            {name: value for name, value in asdict(row).items() if name != "raw"} for row in self.bad_rows
        ]
        return asdict(replace(self, bad_rows=())) | {"bad_rows": bad_rows}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ProjectSummary:
        """The way back from `as_json`."""
        outline = values["outline"]
        outline |= {
            "classes": tuple(
                OutlineClass(**c | {"seed_words": tuple(c["seed_words"])}) for c in outline["classes"]
            ),
            "guidelines": tuple(
                OutlineGuideline(**g | {"rules": tuple(OutlineRule(**rule) for rule in g["rules"])})
                for g in outline["guidelines"]
            ),
            "losses": tuple(outline["losses"]),
        }
        pairs = {name: tuple(map(tuple, values[name])) for name in ("annotators", "splits", "class_counts")}
        bad_rows = tuple(BadRow(**row) for row in values["bad_rows"])
        return cls(**values | pairs | {"outline": ProjectOutline(**outline), "bad_rows": bad_rows})


def summarize_file(path: Path, filename: str, file_format: str) -> ProjectSummary:
    """The summary of a file that is in one of READERS. Raises UnreadableFile where nothing can be read."""
    outline = usable_outline(outline_of_file(path, filename, file_format))
    with open_rows(path, filename, file_format) as rows:
        return summarize_rows(outline, rows)


def is_small(path: Path, filename: str) -> bool:
    """Whether a request may summarize the file. Raises UnreadableFile."""
    return sources.unpacked_size(path, filename) <= MAX_OUTLINE_BYTES


def summarize_rows(outline: ProjectOutline, rows: Iterable[Record | BadRow]) -> ProjectSummary:
    """The counts of all rows, or of those before the one at which the file cannot be read on."""
    counts: Counter[str] = Counter()
    annotators: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    class_counts: Counter[str] = Counter()
    documents: dict[str | bytes, bool] = {}  # by what the import knows them by: whether they are labeled
    bad_rows: list[BadRow] = []
    failure = ""
    try:
        for row in rows:
            if isinstance(row, BadRow):
                counts["bad"] += 1
                if len(bad_rows) < MAX_LISTED_ROWS:
                    bad_rows.append(replace(row, raw=b""))
                continue
            identity = row.external_id or content_hash(row.text)
            if identity not in documents:  # else another annotator's row of it
                splits[row.split or ""] += 1
            counts["predicted"] += bool(row.predictions)
            is_labeled = any(a.labels is not None or a.spans is not None for a in row.answers)
            documents[identity] = documents.get(identity, False) or is_labeled
            annotators.update(list(dict.fromkeys(a.annotator or UNNAMED for a in row.answers)))
            class_counts.update(_class_names(row))
    except UnreadableFile as error:
        failure = str(error)
    return ProjectSummary(
        outline,
        documents=len(documents),
        labeled=sum(documents.values()),
        predicted=counts["predicted"],
        bad=counts["bad"],
        annotators=tuple(annotators.most_common(MAX_LISTED_ANNOTATORS)),
        splits=tuple(splits.most_common()),
        class_counts=tuple(class_counts.most_common(MAX_LISTED_CLASSES)),
        bad_rows=tuple(bad_rows),
        failure=failure,
    )


def _class_names(record: Record) -> list[str]:
    """The classes that the annotations of a document name, each once."""
    names: list[str] = []
    for answer in record.answers:
        names += answer.labels or ()
        names += [span.label for span in answer.spans or ()]
    return list(dict.fromkeys(map(normal_name, names)))
