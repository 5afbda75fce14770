"""Import summaries: what a file would settle, and what it lacks, before anything of it is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from labeling.annotations.imported import ImportedAnswer
from labeling.exceptions import InvalidAnswer
from labeling.exchange.importing import AnswerReader
from labeling.formats.fields import WITHOUT_LABEL
from labeling.formats.records import BadRow, Record, RecordAnnotation
from labeling.learning.text.limits import READ_CHARACTERS
from labeling.projects.models import Project


@dataclass(frozen=True)
class ImportSummary:
    """What would become of the rows that were looked at, if labels are taken and no class is added."""

    rows: int = 0  # looked at, good and bad
    is_whole: bool = True  # whether these are all rows
    bad: int = 0  # would not be stored
    with_label: int = 0  # carry one, or say that no class applies
    settling: int = 0  # whose label fits the project: their documents would count as labeled
    missing: tuple[tuple[str, int], ...] = ()  # names that are no classes, with how many rows name them
    missing_rows: int = 0  # rows that name one of them
    long: int = 0  # texts that the models would read in part only

    @property
    def missing_count(self) -> int:
        return len(self.missing)


def summarize(project_id: int, rows: Iterable[Record | BadRow], *, is_whole: bool = True) -> ImportSummary:
    """Look at rows without storing anything.

    Documents that are here already are not told apart: a row counts as what it says.
    """
    reader = AnswerReader(Project.objects.get(pk=project_id))
    counts: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for row in rows:
        counts["rows"] += 1
        if isinstance(row, BadRow):
            counts["bad"] += 1
            continue
        counts["long"] += len(row.text) > READ_CHARACTERS
        lacking = _look_at_label(reader, row, counts)
        counts["missing_rows"] += bool(lacking)
        missing.update(lacking)
    return ImportSummary(is_whole=is_whole, missing=tuple(missing.most_common()), **counts)


def _look_at_label(reader: AnswerReader, record: Record, counts: Counter[str]) -> list[str]:
    """Count what a row says of its label; the names in it that are no classes."""
    is_odd = any(problem.message == WITHOUT_LABEL for problem in record.problems)
    annotations = [a for a in record.answers if a.labels is not None or a.spans is not None]
    if not annotations:
        counts["with_label"] += is_odd
        return []
    counts["with_label"] += 1
    if lacking := reader.missing(record):
        return lacking
    counts["settling"] += any(_has_vote(reader, annotation, record.text) for annotation in annotations)
    return []


def _has_vote(reader: AnswerReader, annotation: RecordAnnotation, text: str) -> bool:
    try:
        answer = reader.read(annotation, text)
    except InvalidAnswer:
        return False
    return ImportedAnswer(0, answer, annotation.annotator, annotation.provenance).is_counted
