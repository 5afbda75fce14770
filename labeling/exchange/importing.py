"""Document import: a file's good rows become documents, its answers labels, its bad rows a report."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from labeling.annotations import imported
from labeling.annotations.imported import ImportedAnswer
from labeling.annotations.validation import Answer, AnswerRules, LabelValue, checked
from labeling.db.clock import Now
from labeling.documents import insert, metadata_fields
from labeling.documents.imports import ImportJob
from labeling.exceptions import InvalidAnswer, StaleRun
from labeling.formats.bundles import readable_name
from labeling.formats.fields import WITHOUT_LABEL
from labeling.formats.names import normal_name
from labeling.formats.predictions import MAX_SOURCE_CHARACTERS, PredictionRow
from labeling.formats.records import BadRow, Record, RecordAnnotation, RowProblem, UnreadableFile, bad_row
from labeling.formats.tables.csv_columns import ColumnChoice, metadata_field
from labeling.guidelines import classes
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.jobs.outbox import enqueue
from labeling.predictions import external
from labeling.projects.models import Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

ROW_BATCH_SIZE = 5_000  # one transaction; a broken import loses at most this many, and can be run again
MAX_BATCH_CHARACTERS = 20_000_000  # long documents make smaller chunks, so that memory stays flat
MAX_BAD_ROWS = 1_000  # the report names this many; it counts all
CHANGED = gettext_noop("A document with this ID has another text. This row was not imported.")
CONFLICTING = gettext_noop(
    "Another row has the same document with another label. All labels are kept: the document "
    "is labeled if more than half of them agree, and unlabeled if not."
)
SETTLED = gettext_noop(
    "The document already has another final label. The label of this row was not imported."
)
CLOSED = gettext_noop("The document is disputed or excluded. The label of this row was not imported.")
SKIPPED = gettext_noop("An annotator skipped this document. The skip was not imported.")
PREDICTED_SPANS = gettext_noop("Predicted spans are not imported. The labels of the row are.")
WHOLE = re.compile(r"(?<=\d)\.0+$")
# Not the rows' fault: the run ends, and what is stored by then stays.
FAULTS = (OperationalError, InterfaceError, OSError, MemoryError, StaleRun)


@dataclass(frozen=True)
class ImportReport:
    """What an import did so far."""

    job_id: UUID | None = None
    read: int = 0  # rows, good and bad
    added: int = 0
    duplicates: int = 0  # were here already
    labeled: int = 0  # documents that their answer in the file settled
    predicted: int = 0  # predictions of its models, one a document and model
    bad: int = 0  # rows of which nothing is stored
    warned: int = 0  # rows that are stored with a remark: not all that they say could be taken, or it differs
    long: int = 0  # new documents that the models read in part only
    bad_rows: tuple[BadRow, ...] = ()
    warnings: tuple[BadRow, ...] = ()

    def __add__(self, other: ImportReport) -> ImportReport:
        return ImportReport(
            self.job_id,
            self.read + other.read,
            self.added + other.added,
            self.duplicates + other.duplicates,
            self.labeled + other.labeled,
            self.predicted + other.predicted,
            self.bad + other.bad,
            self.warned + other.warned,
            self.long + other.long,
            (self.bad_rows + other.bad_rows)[:MAX_BAD_ROWS],
            (self.warnings + other.warnings)[:MAX_BAD_ROWS],
        )

    @classmethod
    def of_job(cls, job: ImportJob) -> ImportReport:
        """What a job has told so far: the way back from `as_columns`."""
        return cls(
            job.pk,
            job.rows_read,
            job.imported,
            job.already_there,
            job.labeled,
            job.predicted,
            job.bad_row_count,
            job.warning_count,
            job.long_count,
            tuple(BadRow(**row) for row in job.bad_rows),
            tuple(BadRow(**row) for row in job.warnings),
        )

    def as_columns(self) -> dict[str, Any]:
        """Of an ImportJob."""
        return {
            "rows_read": self.read,
            "imported": self.added,
            "already_there": self.duplicates,
            "labeled": self.labeled,
            "predicted": self.predicted,
            "bad_row_count": self.bad,
            "bad_rows": [_as_json(row) for row in self.bad_rows],
            "warning_count": self.warned,
            "long_count": self.long,
            "warnings": [_as_json(row) for row in self.warnings],
        }


def import_documents(
    project_id: int,
    rows: Iterable[Record | BadRow],
    on_progress: Callable[[ImportReport], None] | None = None,
    *,
    source: str = "",
    origin: ImportJob.Origin = ImportJob.Origin.COMMAND,
    person: User | None = None,
    choice: ColumnChoice | None = None,
    takes_answers: bool = True,
    adds_classes: bool = False,
) -> ImportReport:
    """Store every good row of a stream that is read once; run it again and nothing is stored twice.

    source : what each document is said to have come in with, such as the name of the file
    choice : how the rows were read; which fields it hides or shows holds from now on
    takes_answers : whether labels in the rows settle their documents; else they are left out
    adds_classes : whether names of labels that the project lacks become classes
    Raises as `read_rows` does; what came before is stored then.
    """
    job = ImportJob.objects.create(
        project_id=project_id,
        created_by=person,
        origin=origin,
        file_name=readable_name(source)[:200],
        state=ImportJob.State.RUNNING,
        heartbeat_at=Now(),
        takes_answers=takes_answers,
        adds_classes=adds_classes,
    )
    if choice is not None:
        decide_visibility(project_id, choice)
    ours = ImportJob.objects.filter(pk=job.pk)
    try:
        report = read_rows(job, rows, on_progress)
    except BaseException as error:  # Ctrl-C too: what is stored by then can still be looked up
        ours.update(state=ImportJob.State.STOPPED, failure=str(error)[:500], finished_at=Now())
        raise
    ours.update(state=ImportJob.State.DONE, finished_at=Now())
    return report


@transaction.atomic
def decide_visibility(project_id: int, choice: ColumnChoice) -> None:
    """Keep which fields of the metadata shall be hidden or shown. Raises InvalidInput for too many."""
    if choice.hidden or choice.shown:
        metadata_fields.decide(
            project_id, map(metadata_field, choice.hidden), map(metadata_field, choice.shown)
        )


def read_rows(
    job: ImportJob,
    rows: Iterable[Record | BadRow],
    on_progress: Callable[[ImportReport], None] | None = None,
) -> ImportReport:
    """Store every good row of a running job, and write on the job how far it is.

    on_progress : is told of each chunk before it is committed, so what it writes is stored with the chunk or
        not at all
    `rows` come from labeling.formats.read, without those that the job has read before, and are taken one by
    one. Raises UnreadableFile where the rest of the file cannot be read, and StaleRun where another run has
    taken the job over; what came before is stored then. No row ends the import, whatever is in it: one that
    cannot be stored is reported. A row with a label that does not fit is stored without it, with a warning:
    its document waits for annotators.
    """
    run = _Run(job, on_progress or (lambda report: None), ImportReport.of_job(job))
    try:
        for chunk in _chunks(rows):
            run.store(chunk)
    finally:
        if run.report.added:
            enqueue(job.project_id, Job.Kind.FEATURIZE)
    return run.report


@dataclass
class _Run:
    """One import under way: each chunk of rows and all that is told of it are one transaction."""

    job: ImportJob
    on_progress: Callable[[ImportReport], None]
    report: ImportReport

    def store(self, chunk: Sequence[Record | BadRow]) -> None:
        """A row that breaks its chunk costs itself alone: halves are stored apart until it stands alone."""
        try:
            self._commit(lambda: self._stored(chunk))
        except FAULTS:
            raise
        except Exception as error:
            if len(chunk) > 1:
                middle = len(chunk) // 2
                self.store(chunk[:middle])
                self.store(chunk[middle:])
                return
            logger.exception("Line %s of import %s", chunk[0].line, self.job.pk)
            refused = _refused(chunk[0], type(error).__name__)
            self._commit(lambda: ImportReport(read=1, bad=1, bad_rows=(refused,)))

    def _commit(self, store: Callable[[], ImportReport]) -> None:
        ours = ImportJob.objects.filter(pk=self.job.pk, state=ImportJob.State.RUNNING, run=self.job.run)
        with transaction.atomic():
            report = self.report + store()
            self.on_progress(report)
            if not ours.update(heartbeat_at=Now(), **report.as_columns()):
                raise StaleRun
        self.report = report

    def _stored(self, chunk: Sequence[Record | BadRow]) -> ImportReport:
        records = [row for row in chunk if isinstance(row, Record)]
        if not self.job.takes_answers:
            records = [without_answer(record) for record in records]
        bad_rows = [row for row in chunk if isinstance(row, BadRow)]
        added = insert.add(self.job.project_id, records, self.job.file_name, self.job)
        bad_rows += [_bad(records[index], CHANGED) for index in added.changed]
        bad_rows.sort(key=lambda row: row.line)
        warnings = [bad_row(row.line, problem, row.text) for row in records for problem in row.problems]
        labeled = self._record_answers(records, added.ids, warnings)
        predicted = self._record_predictions(records, added.ids, warnings)
        metadata_fields.hide_answers(self.job.project_id, records)  # knows the classes that were added
        warnings.sort(key=lambda row: row.line)
        return ImportReport(
            read=len(chunk),
            added=added.added,
            duplicates=added.duplicates,
            labeled=labeled,
            predicted=predicted,
            bad=len(bad_rows),
            warned=len({row.line for row in warnings}),
            long=added.long,
            bad_rows=tuple(bad_rows[:MAX_BAD_ROWS]),
            warnings=tuple(warnings[:MAX_BAD_ROWS]),
        )

    def _record_answers(
        self, records: Sequence[Record], ids: Mapping[int, int], warnings: list[BadRow]
    ) -> int:
        """Settle the documents (by the indexes of their records) by the answers; how many were settled."""
        if self.job.adds_classes:
            self._add_classes(records)
        reader = AnswerReader(Project.objects.get(pk=self.job.project_id))
        answers: list[ImportedAnswer] = []
        answering: list[Record] = []
        # By document, as everybody locks them; of one document, in the order of its rows.
        for index, document_id in sorted(ids.items(), key=lambda item: (item[1], item[0])):
            record = records[index]
            for annotation in record.answers:
                if annotation.labels is None and annotation.spans is None:
                    warnings.append(_bad(record, SKIPPED))
                    continue
                try:
                    answer = reader.read(annotation, record.text)
                except InvalidAnswer as error:
                    warnings.append(_bad(record, WITHOUT_LABEL, reason=error.detail))
                    continue
                answers.append(
                    ImportedAnswer(document_id, answer, annotation.annotator, annotation.provenance)
                )
                answering.append(record)
        if not answers:
            return 0
        done = imported.record_imported(self.job, answers)
        for message, indexes in (
            (CONFLICTING, done.conflicting),
            (SETTLED, done.settled),
            (CLOSED, done.closed),
        ):
            warnings += [_bad(answering[index], message) for index in indexes]
        return done.settled_count

    def _record_predictions(
        self, records: Sequence[Record], ids: Mapping[int, int], warnings: list[BadRow]
    ) -> int:
        """Keep what models predicted of the documents; of how many documents and models."""
        predictions = []
        for index, document_id in ids.items():
            record = records[index]
            has_spans = any(prediction.spans is not None for prediction in record.predictions)
            if has_spans or (record.predictions and self.job.project.kind == Project.Kind.SPANS):
                warnings.append(_bad(record, PREDICTED_SPANS))
                continue
            predictions += [
                PredictionRow(
                    record.line,
                    prediction.model[:MAX_SOURCE_CHARACTERS],
                    document_id,
                    version=prediction.version[:MAX_SOURCE_CHARACTERS],
                    probabilities=prediction.probabilities,
                )
                for prediction in record.predictions
                if prediction.probabilities
            ]
        if not predictions:
            return 0
        done = external.record_some(self.job.project, predictions)
        warnings += done.bad_rows
        return done.stored

    def _add_classes(self, records: Sequence[Record]) -> None:
        reader = AnswerReader(Project.objects.get(pk=self.job.project_id))
        missing = [name for record in records for name in reader.missing(record)]
        if added := classes.add_named(self.job.project_id, missing):
            # Not by `save`, which would write what the run has written since this job was read.
            job = ImportJob.objects.select_for_update(no_key=True).get(pk=self.job.pk)
            job.added_classes += [label_class.pk for label_class in added]
            job.save(update_fields=["added_classes"])


def without_answer(record: Record) -> Record:
    """The record as if the file said nothing of its labels."""
    if not (record.answers or record.predictions or record.problems):
        return record
    problems = tuple(problem for problem in record.problems if problem.message != WITHOUT_LABEL)
    return replace(record, labels=None, spans=None, annotations=(), predictions=(), problems=problems)


class AnswerReader:
    """Turns the class names of an annotation into an answer that fits the project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.classes: dict[str, UUID] = {
            normal_name(name): pk
            for pk, name in LabelClass.objects.active().filter(project=project).values_list("pk", "name")
        }
        self.rules = AnswerRules(
            project.kind, project.allows_overlapping_spans, frozenset(self.classes.values())
        )

    def read(self, annotation: RecordAnnotation, text: str) -> Answer:
        """Raises InvalidAnswer."""
        if annotation.spans is not None and self.project.kind == Project.Kind.SPANS:
            values = [LabelValue(self._class(s.label), s.start, s.end) for s in annotation.spans]
        elif annotation.labels is None:  # not an answer that no class applies
            raise InvalidAnswer(_("The annotation has spans, and this project labels whole documents."))
        else:
            values = [LabelValue(self._class(name)) for name in annotation.labels or ()]
        return checked(values, self.rules, text)

    def missing(self, record: Record) -> list[str]:
        """The names in the record's annotations that are no classes of the project, each once."""
        names: list[str] = []
        for annotation in record.answers:
            if annotation.spans is not None and self.project.kind == Project.Kind.SPANS:
                names += [span.label for span in annotation.spans]
            else:
                names += annotation.labels or ()
        return [name for name in dict.fromkeys(names) if self._known(name) is None]

    def _known(self, name: str) -> UUID | None:
        """A whole number may be written as tables write it where cells are missing: 3.0 for 3."""
        return self.classes.get(name) or self.classes.get(WHOLE.sub("", name))

    def _class(self, name: str) -> UUID:
        if label_class := self._known(name):
            return label_class
        raise InvalidAnswer(_("“{name}” is not a class of this project.").format(name=name))


def _as_json(row: BadRow) -> dict[str, Any]:
    return {"line": row.line, "message": row.message, "values": dict(row.values), "excerpt": row.excerpt}


def _bad(record: Record, message: str, **values: str) -> BadRow:
    return bad_row(record.line, RowProblem(message, **values), record.text)


def _refused(row: Record | BadRow, reason: str) -> BadRow:
    excerpt = row.text if isinstance(row, Record) else row.excerpt
    return bad_row(
        row.line, RowProblem(gettext_noop("This row cannot be stored: %(reason)s."), reason=reason), excerpt
    )


def _chunks(rows: Iterable[Record | BadRow]) -> Iterator[list[Record | BadRow]]:
    """Rows for one transaction each; those before the place where the file cannot be read come too."""
    chunk: list[Record | BadRow] = []
    characters = 0
    try:
        for row in rows:
            chunk.append(replace(row, raw=b"") if isinstance(row, BadRow) and row.raw else row)
            characters += _size(row)
            if len(chunk) >= ROW_BATCH_SIZE or characters >= MAX_BATCH_CHARACTERS:
                yield chunk
                chunk, characters = [], 0
    except UnreadableFile:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


def _size(row: Record | BadRow) -> int:
    return len(row.text) if isinstance(row, Record) else 0
