"""File uploads: how files come from a browser into the documents. Stored, then read, perhaps by a worker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from io import BytesIO
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol
from uuid import UUID

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from labeling import formats
from labeling.db.clock import Now
from labeling.documents.imports import ImportJob
from labeling.exceptions import InvalidInput, StaleRun
from labeling.exchange import sources, upload_files
from labeling.exchange.conversions import convert_waiting, first_state
from labeling.exchange.import_jobs import job_of
from labeling.exchange.import_summaries import ImportSummary, summarize
from labeling.exchange.importing import (
    FAULTS,
    ImportReport,
    decide_visibility,
    import_documents,
    read_rows,
)
from labeling.exchange.project_imports import retire_classes, usable_outline
from labeling.exchange.project_summaries import is_small
from labeling.exchange.rejects import header_of, kept
from labeling.exchange.sources import open_rows
from labeling.exchange.undo import remove_waiting
from labeling.exchange.upload_files import RETENTION_HOURS, path_of, rejects_path
from labeling.formats import BadRow, ColumnChoice, Columns, Format, Record, UnreadableFile
from labeling.formats.json_files.jsonl import read_jsonl
from labeling.formats.outlines import ProjectOutline
from labeling.formats.projects import READERS
from labeling.formats.streams import unpacked_start
from labeling.guidelines.models import LabelClass
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.projects.members import manager_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

logger = logging.getLogger(__name__)

# Read within the request, a second or two: what has at most so many rows, and so many bytes when unpacked.
MAX_REQUEST_ROWS = 1_000
MAX_REQUEST_BYTES = 4 * 1024 * 1024
SILENT_SECONDS = 30  # a run tells of itself after every chunk; after this it is taken for dead
PREVIEW_ROWS = 3
SUMMARIZED_ROWS = 20_000  # looked at before an import; half a second
_TURN = threading.Lock()  # of the one request of this process that stores an import


class Upload(Protocol):
    """A file as a browser sends it."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class Preview:
    """What a file looks like, read in one format and one encoding."""

    columns: Columns | None  # of a table, and the keys of JSON objects
    rows: tuple[Record | BadRow, ...]  # the first ones of anything but a table, read by the usual keys
    outline: ProjectOutline | None = None  # what another tool's file says of its project, where it is small


def store(project_id: int, manager: User, upload: Upload, file_format: str = "", **fields: Any) -> ImportJob:
    """Keep the file, and guess how it is to be read. Raises NotAllowed, InvalidInput for what is no text.

    file_format : where it is not to be guessed
    fields : more of the ImportJob
    """
    manager_of(project_id, manager)
    _discard_forgotten(project_id)
    byte_count = upload_files.checked_size(upload.size)
    job = ImportJob(project_id=project_id, created_by=manager, byte_count=byte_count, **fields)
    upload_files.keep(job.pk, upload.chunks())
    source, job.file_name = upload_files.recognize(job.pk, upload_files.name_of(upload.name))
    job.file_format, job.encoding = file_format or source.file_format, source.encoding
    job.state = first_state(job.file_format)
    job.save()
    if job.state == ImportJob.State.CONVERTING:
        outbox.enqueue(project_id, Job.Kind.IMPORT)
    return job


def preview(job: ImportJob, file_format: str, encoding: str, **dialect: Any) -> Preview:
    """`first_rows`, with what another tool's file says of its project. Raises InvalidInput."""
    rows = first_rows(job, file_format, encoding, **dialect)
    try:
        return replace(rows, outline=_outline(job, file_format) if file_format in READERS else None)
    except UnreadableFile as error:
        raise InvalidInput(_(error.message) % error.values) from error


def first_rows(job: ImportJob, file_format: str, encoding: str, **dialect: Any) -> Preview:
    """The first rows of a file that waits. Raises InvalidInput where they cannot be read this way.

    dialect : what `labeling.formats.columns` need not guess of a table
    """
    try:
        if file_format in READERS:
            with open_rows(path_of(job.pk), job.file_name, file_format) as project_rows:
                return Preview(None, tuple(_first(iter(project_rows))))
        head = _head(job)
        if file_format == Format.CSV:
            names = LabelClass.objects.active().filter(project=job.project_id).normal_names()
            return Preview(formats.columns(head, encoding, class_names=names, **dialect), ())
        columns = None
        if file_format in (Format.JSONL, Format.JSON):
            names = LabelClass.objects.active().filter(project=job.project_id).normal_names()
            is_list = file_format == Format.JSON
            columns = formats.json_columns(head, encoding, is_list=is_list, class_names=names)
        rows = formats.read(BytesIO(head), Format(file_format), encoding=encoding)
        return Preview(columns, tuple(_first(rows)))
    except UnreadableFile as error:
        raise InvalidInput(_(error.message) % error.values) from error
    except FileNotFoundError as error:
        raise InvalidInput(_("The uploaded file has been deleted. Upload it again.")) from error


def _outline(job: ImportJob, file_format: str) -> ProjectOutline | None:
    """What the file says of its project; None where it is too large to be read whole in a request."""
    if not is_small(path_of(job.pk), job.file_name):
        return None
    return usable_outline(sources.outline_of_file(path_of(job.pk), job.file_name, file_format))


def _first(rows: Iterator[Record | BadRow]) -> Iterator[Record | BadRow]:
    """The first rows of the head of a file, which may end anywhere."""
    first = next(rows, None)
    if first is None:
        return
    try:
        yield first
        yield from islice(rows, PREVIEW_ROWS - 1)
    except UnreadableFile:
        return


def start(
    project_id: int,
    manager: User,
    job_id: UUID,
    file_format: str,
    encoding: str,
    choice: ColumnChoice | None,
    *,
    takes_answers: bool = True,
    adds_classes: bool = False,
) -> ImportJob:
    """Read the file: a small one now, a large one by a worker. A second call changes nothing.

    takes_answers, adds_classes : as `import_documents` takes them

    Raises NotAllowed, NotFound, and InvalidInput where its first rows cannot be read this way.
    """
    job = job_of(project_id, manager, job_id)
    waits = Q(state__in=(ImportJob.State.UPLOADED, ImportJob.State.FAILED))
    if job.state in (ImportJob.State.UPLOADED, ImportJob.State.FAILED):
        dialect = asdict(choice.dialect) if choice and choice.dialect else {}
        dialect.pop("column_count", None)  # follows from the others
        first_rows(job, file_format, encoding, **dialect)
    with _turn_in_request(lambda: _is_small(job, file_format, encoding, choice)) as reads_now:
        is_ours = ImportJob.objects.filter(waits, pk=job.pk).update(
            **ImportReport().as_columns(),
            state=ImportJob.State.RUNNING if reads_now else ImportJob.State.QUEUED,
            run=None,
            heartbeat_at=Now(),
            file_format=file_format,
            encoding=encoding,
            columns=asdict(choice) if choice else None,
            takes_answers=takes_answers,
            adds_classes=adds_classes,
            failure="",
        )
        if is_ours and choice:
            decide_visibility(project_id, choice)
        if is_ours and reads_now:
            _read_now(job.pk)
        elif is_ours:
            outbox.enqueue(project_id, Job.Kind.IMPORT)
    job.refresh_from_db()
    return job


def summary(job: ImportJob, file_format: str, encoding: str, choice: ColumnChoice | None) -> ImportSummary:
    """What reading the file this way would settle, by its first rows where it is large. Stores nothing."""
    try:
        if file_format in READERS:
            with open_rows(path_of(job.pk), job.file_name, file_format) as project_rows:
                return _summary(job.project_id, iter(project_rows), is_whole=True)
        with path_of(job.pk).open("rb") as file:
            start, is_whole = unpacked_start(file, MAX_REQUEST_BYTES)
        rows = formats.read(BytesIO(start), Format(file_format), choice=choice, encoding=encoding)
        return _summary(job.project_id, rows, is_whole=is_whole)
    except FileNotFoundError as error:
        raise InvalidInput(_("The uploaded file has been deleted. Upload it again.")) from error
    except UnreadableFile as error:
        raise InvalidInput(_(error.message) % error.values) from error


def summarize_lines(
    project_id: int, manager: User, chunks: Iterator[bytes], choice: ColumnChoice | None = None
) -> ImportSummary:
    """The same of documents sent as JSON lines. Raises NotAllowed."""
    manager_of(project_id, manager)
    start = _first_lines(chunks)
    return _summary(project_id, read_jsonl([start.content], choice), is_whole=start.is_whole)


def _summary(project_id: int, rows: Iterator[Record | BadRow], *, is_whole: bool) -> ImportSummary:
    """Of at most as many rows as a request has time for; where more follow, the last may be cut off."""
    some: list[Record | BadRow] = []
    try:
        some.extend(islice(rows, SUMMARIZED_ROWS + 1))
    except UnreadableFile:
        if is_whole and not some:
            raise
        is_whole = False  # the rows before it are stored, and the import says where it breaks off
    is_cut = not is_whole or len(some) > SUMMARIZED_ROWS
    return summarize(project_id, some[:-1] if is_cut else some, is_whole=not is_cut)


def take_lines(
    project_id: int,
    manager: User,
    chunks: Iterator[bytes],
    choice: ColumnChoice | None = None,
    *,
    takes_answers: bool = True,
    adds_classes: bool = False,
) -> ImportJob:
    """Store documents sent as JSON lines: few of them now, else a worker does. Raises NotAllowed.

    choice, takes_answers, adds_classes : as `import_documents` takes them
    """
    manager_of(project_id, manager)
    start = _first_lines(chunks)
    options: dict[str, Any] = {"takes_answers": takes_answers, "adds_classes": adds_classes}
    with _turn_in_request(lambda: start.is_whole) as reads_now:
        if reads_now:
            rows = read_jsonl([start.content], choice)
            origin = ImportJob.Origin.API
            report = import_documents(
                project_id, rows, source="API", origin=origin, person=manager, choice=choice, **options
            )
            return ImportJob.objects.get(pk=str(report.job_id))
    job = ImportJob(project_id=project_id, created_by=manager, origin=ImportJob.Origin.API, file_name="API")
    job.file_format = Format.JSONL.value
    job.columns = asdict(choice) if choice else None
    job.takes_answers, job.adds_classes = takes_answers, adds_classes
    job.state = ImportJob.State.QUEUED
    if choice:
        decide_visibility(project_id, choice)
    job.byte_count = upload_files.keep(job.pk, chain([start.content], chunks))
    job.save()
    outbox.enqueue(project_id, Job.Kind.IMPORT)
    return job


def resume(project_id: int, manager: User, job_id: UUID) -> None:
    """Have a worker go on where a run stopped or fell silent. What was stored is not stored twice."""
    job = job_of(project_id, manager, job_id)
    broken = Q(state=ImportJob.State.STOPPED) | _silent()
    if (
        ImportJob.objects.with_file()
        .filter(broken, pk=job.pk)
        .update(state=ImportJob.State.QUEUED, failure="")
    ):
        outbox.enqueue(project_id, Job.Kind.IMPORT)


def cancel(project_id: int, manager: User, job_id: UUID) -> None:
    """Stop an import; what it has stored stays, and `resume` goes on. Raises NotAllowed, NotFound.

    The run notices at its next chunk, which is not stored. Nothing is stored of a file that is still being
    converted, so it is forgotten.
    """
    job = job_of(project_id, manager, job_id)
    if job.state == ImportJob.State.CONVERTING:
        discard(project_id, manager, job_id)
    in_progress = (ImportJob.State.QUEUED, ImportJob.State.RUNNING)
    ImportJob.objects.filter(pk=job.pk, state__in=in_progress).update(
        state=ImportJob.State.STOPPED, finished_at=Now(), failure=""
    )


def discard(project_id: int, manager: User, job_id: UUID) -> None:
    """Forget a file that is not being read; what it brought stays. Raises NotAllowed, NotFound."""
    job = job_of(project_id, manager, job_id)
    kept = (ImportJob.State.RUNNING, ImportJob.State.UNDOING, ImportJob.State.UNDONE)
    if ImportJob.objects.filter(pk=job.pk).exclude(state__in=kept).delete()[0]:
        path_of(job.pk).unlink(missing_ok=True)
        rejects_path(job.pk).unlink(missing_ok=True)


def is_silent(job: ImportJob) -> bool:
    """Whether the run that should read the file has said nothing for too long."""
    return ImportJob.objects.filter(_silent(), pk=job.pk).exists()


def read_waiting(job: Job) -> None:
    """Convert and read the project's files that wait, one after the other: what a worker does when told.

    One worker at a time does it, so whatever another one was reading is read on here.
    """
    left_behind = Q(state=ImportJob.State.RUNNING, run__isnull=False) & ~Q(run=job.fence)
    waits = Q(state=ImportJob.State.QUEUED) | left_behind | _silent()
    waiting = ImportJob.objects.with_file().filter(waits, project=job.project_id)
    remove_waiting(job)
    convert_waiting(job)
    while import_job := waiting.last():
        try:
            _run(import_job.pk, job.fence, lambda: outbox.beat(job))
        except StaleRun:
            outbox.beat(job)  # where the job is still ours, somebody has only sent for this file anew


@contextmanager
def _turn_in_request(is_small: Callable[[], bool]) -> Iterator[bool]:
    """Whether this request may read what was sent: small things, and in each process one at a time.

    Whoever sends many small files at once would have all threads of the process read them, and nobody would
    be answered.
    """
    has_turn = is_small() and _TURN.acquire(blocking=False)
    try:
        yield has_turn
    finally:
        if has_turn:
            _TURN.release()


def _is_small(job: ImportJob, file_format: str, encoding: str, choice: ColumnChoice | None) -> bool:
    """Whether the file has few rows, and few bytes when it is unpacked."""
    try:
        if file_format in READERS:
            if sources.unpacked_size(path_of(job.pk), job.file_name) > MAX_REQUEST_BYTES:
                return False
            with open_rows(path_of(job.pk), job.file_name, file_format) as project_rows:
                return sum(1 for _ in islice(project_rows, MAX_REQUEST_ROWS + 1)) <= MAX_REQUEST_ROWS
        with path_of(job.pk).open("rb") as file:
            start, is_whole = unpacked_start(file, MAX_REQUEST_BYTES)
        rows = formats.read(BytesIO(start), Format(file_format), choice=choice, encoding=encoding)
        return is_whole and sum(1 for _ in islice(rows, MAX_REQUEST_ROWS + 1)) <= MAX_REQUEST_ROWS
    except (UnreadableFile, FileNotFoundError):
        return True  # it ends here, and says why


@dataclass(frozen=True)
class _Start:
    """What was read ahead of a stream: all of it, or more than is stored within a request."""

    content: bytes
    is_whole: bool


def _first_lines(chunks: Iterator[bytes]) -> _Start:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > MAX_REQUEST_BYTES or content.count(b"\n") > MAX_REQUEST_ROWS:
            return _Start(bytes(content), False)
    is_short = content.count(b"\n") + (not content.endswith(b"\n")) <= MAX_REQUEST_ROWS
    return _Start(bytes(content), is_short)


def _read_now(job_id: UUID) -> None:
    """Read a small file within the request; what interrupts that is left to a worker."""
    try:
        _run(job_id, None, lambda: None)
    except FAULTS:
        logger.exception("Import %s was interrupted", job_id)
        interrupted = ImportJob.objects.filter(pk=job_id, state=ImportJob.State.RUNNING, run=None)
        if interrupted.update(state=ImportJob.State.QUEUED):
            outbox.enqueue(ImportJob.objects.get(pk=job_id).project_id, Job.Kind.IMPORT)


@translation.override("en")  # what is stored of it is in no reader's language
def _run(job_id: UUID, run: UUID | None, beat: Callable[[], None]) -> None:
    """Read a file from the row on where it was left. Raises FAULTS, after which it can be read on."""
    ours = ImportJob.objects.filter(pk=job_id, state=ImportJob.State.RUNNING, run=run)
    ImportJob.objects.filter(pk=job_id).update(state=ImportJob.State.RUNNING, run=run, heartbeat_at=Now())
    job = ImportJob.objects.get(pk=job_id)

    def on_progress(report: ImportReport) -> None:
        beat()
        ours.update(bytes_read=round(rows.share_read * job.byte_count))

    try:
        choice = ColumnChoice.from_json(job.columns) if job.columns else None
        name, file_format = job.file_name, job.file_format
        with open_rows(path_of(job.pk), name, file_format, encoding=job.encoding, choice=choice) as rows:
            header = header_of(path_of(job.pk), name, file_format, job.encoding, choice)
            # Written again from the first row on by each run, so that none is in it twice.
            every_row = kept(iter(rows), rejects_path(job.pk), file_format, header)
            read_rows(job, islice(every_row, job.rows_read, None), on_progress)
        retire_classes(job.project, job.retired_classes)
    except UnreadableFile as error:
        _end(ours, ImportJob.State.FAILED, failure=_(error.message) % error.values)
    except FileNotFoundError:
        _end(ours, ImportJob.State.FAILED, failure=_("The uploaded file has been deleted. Upload it again."))
    except FAULTS:
        raise
    except Exception as error:
        logger.exception("Import %s of project %s stopped", job.pk, job.project_id)
        _end(ours, ImportJob.State.STOPPED, failure=f"{type(error).__name__}: {error}"[:500])
    else:
        _end(ours, ImportJob.State.DONE, bytes_read=job.byte_count)
        path_of(job.pk).unlink(missing_ok=True)


def _end(ours: QuerySet[ImportJob], state: ImportJob.State, **fields: Any) -> None:
    if not ours.update(state=state, finished_at=Now(), **fields):
        raise StaleRun


def _head(job: ImportJob) -> bytes:
    file: BinaryIO
    with path_of(job.pk).open("rb") as file:
        return file.read(formats.HEAD_BYTES)


def _silent() -> Q:
    return Q(state=ImportJob.State.RUNNING, heartbeat_at__lt=Now() - timedelta(seconds=SILENT_SECONDS))


def _discard_forgotten(project_id: int) -> None:
    forgotten = ImportJob.objects.filter(
        project=project_id,
        state__in=(ImportJob.State.CONVERTING, ImportJob.State.UPLOADED, ImportJob.State.FAILED),
        created_at__lt=Now() - timedelta(hours=RETENTION_HOURS),
    )
    for job in forgotten:
        path_of(job.pk).unlink(missing_ok=True)
        job.delete()
