"""What becomes of a file? Its good rows become documents, its answers labels, its bad rows a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from django.utils.translation import gettext_noop

from labeling.actions import documents, given
from labeling.actions.answers import AnswerRules, LabelValue, checked
from labeling.actions.owed import owe
from labeling.exceptions import InvalidAnswer
from labeling.formats.records import BadRow, Record
from labeling.models import LabelClass, OwedWork, Project

ROWS_AT_ONCE = 5_000  # one transaction; a broken import loses at most this many, and can be run again
CHARACTERS_AT_ONCE = 20_000_000  # long documents make smaller chunks, so that memory stays flat
BAD_ROWS_KEPT = 1_000  # the report names this many; it counts all


@dataclass
class ImportReport:
    """What an import did so far."""

    read: int = 0  # rows, good and bad
    added: int = 0
    known: int = 0  # were here already
    labelled: int = 0  # documents that their answer in the file settled
    bad: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)

    def refuse(self, row: BadRow) -> None:
        self.bad += 1
        if len(self.bad_rows) < BAD_ROWS_KEPT:
            self.bad_rows.append(row)


def import_documents(
    project_id: int,
    rows: Iterable[Record | BadRow],
    on_progress: Callable[[ImportReport], None] | None = None,
    *,
    source: str = "",
) -> ImportReport:
    """Store every good row; run it again after a break and nothing is stored twice.

    source : what each document is said to have come in with, such as the name of the file
    `rows` come from labeling.formats.read and are taken one by one. Raises UnreadableFile where the rest of
    the file cannot be read; what came before is stored then. The report counts a row with a label that does
    not fit as bad, although its document is stored: it waits for annotators.
    """
    report = ImportReport()
    answers = _AnswerReader(Project.objects.get(pk=project_id))
    try:
        for chunk in _chunks(rows):
            _store(project_id, chunk, answers, report, source)
            if on_progress:
                on_progress(report)
    finally:
        if report.added:
            owe(project_id, OwedWork.Kind.FEATURIZE)
    return report


def _store(
    project_id: int,
    chunk: Sequence[Record | BadRow],
    answers: _AnswerReader,
    report: ImportReport,
    source: str,
) -> None:
    report.read += len(chunk)
    records = [row for row in chunk if isinstance(row, Record)]
    for row in chunk:
        if isinstance(row, BadRow):
            report.refuse(row)
    added = documents.add(project_id, records, source)
    report.added += added.added
    report.known += added.known
    lines = {record.line: record for record in records}
    for line in added.changed_lines:
        report.refuse(
            _bad(lines[line], gettext_noop("This id is here already with another text; ours was kept."))
        )
    known_answers: list[tuple[int, Sequence[LabelValue]]] = []
    for record in records:
        if record.labels is None and record.spans is None:
            continue
        try:
            known_answers.append((added.ids[record.line], answers.read(record)))
        except InvalidAnswer as error:
            message = gettext_noop("The document was stored without its label: %(reason)s")
            report.refuse(_bad(record, message, reason=error.detail))
    report.labelled += given.record(answers.project, known_answers)


class _AnswerReader:
    """Turns a record's class names into an answer that fits the project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.classes: dict[str, UUID] = {
            name: pk
            for pk, name in LabelClass.objects.active().filter(project=project).values_list("pk", "name")
        }
        self.rules = AnswerRules(
            project.kind, project.allows_overlapping_spans, frozenset(self.classes.values())
        )

    def read(self, record: Record) -> Sequence[LabelValue]:
        """Raises InvalidAnswer."""
        if record.spans is not None and self.project.kind == Project.Kind.SPANS:
            values = [LabelValue(self._class(s.label), s.start, s.end) for s in record.spans]
        else:
            values = [LabelValue(self._class(name)) for name in record.labels or ()]
        return checked(values, self.rules, record.text)

    def _class(self, name: str) -> UUID:
        if name not in self.classes:
            raise InvalidAnswer(f"“{name}” is no class of this project.")
        return self.classes[name]


def _bad(record: Record, message: str, **values: str) -> BadRow:
    return BadRow(record.line, message, record.text[:80], values)


def _chunks(rows: Iterable[Record | BadRow]) -> Iterator[list[Record | BadRow]]:
    rest = iter(rows)
    while first := list(islice(rest, 1)):
        chunk, characters = first, _size(first[0])
        for row in rest:
            chunk.append(row)
            characters += _size(row)
            if len(chunk) >= ROWS_AT_ONCE or characters >= CHARACTERS_AT_ONCE:
                break
        yield chunk


def _size(row: Record | BadRow) -> int:
    return len(row.text) if isinstance(row, Record) else 0
