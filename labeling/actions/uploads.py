"""How does a file come from a browser into the documents? Stored first, then read, perhaps by a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from labeling import formats
from labeling.actions import owed
from labeling.actions.importing import ImportReport, import_documents
from labeling.actions.projects import manager_of
from labeling.exceptions import InvalidInput, NotFound
from labeling.formats import BadRow, ColumnChoice, Columns, Format, Record, UnreadableFile
from labeling.models import ImportJob, Now, OwedWork

if TYPE_CHECKING:
    from django.contrib.auth.models import User

AT_ONCE_BYTES = 1024 * 1024  # read within the request: some thousand documents, a second or two
MOST_BYTES = 4 * 1024**3  # of one file, packed or not
KEPT_HOURS = 24  # a file that nobody goes on with
SILENT_SECONDS = 120  # a run tells of itself after every chunk; after this it is taken for dead
PREVIEW_ROWS = 3


class Upload(Protocol):
    """A file as a browser sends it."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class Preview:
    """What a file looks like, read in one format and one encoding."""

    columns: Columns | None  # of a CSV file
    rows: tuple[Record | BadRow, ...]  # the first ones of any other


def store(project_id: int, manager: User, upload: Upload) -> ImportJob:
    """Keep the file, and guess how it is to be read. Raises NotAllowed, InvalidInput for what is no text."""
    manager_of(project_id, manager)
    _discard_forgotten(project_id)
    if not upload.size or upload.size > MOST_BYTES:
        raise InvalidInput(_("Send a file that is not empty and has at most 4 GB."))
    job = ImportJob(project_id=project_id, created_by=manager, byte_count=upload.size)
    job.file_name = (upload.name or "documents")[-200:].replace("\0", "")
    path = _path(job)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for chunk in upload.chunks():
            file.write(chunk)
    try:
        job.file_format = formats.sniff(_head(job), job.file_name).value
    except UnreadableFile as error:
        path.unlink()
        raise InvalidInput(_(error.message) % error.values) from error
    job.save()
    return job


def job_of(project_id: int, manager: User, job_id: UUID) -> ImportJob:
    """One file of the project. Raises NotAllowed, NotFound."""
    manager_of(project_id, manager)
    job = ImportJob.objects.filter(project=project_id, pk=job_id).first()
    if job is None:
        raise NotFound
    return job


def preview(job: ImportJob, file_format: Format, encoding: str) -> Preview:
    """The first rows of a file that waits. Raises InvalidInput where they cannot be read this way."""
    try:
        head = _head(job)
        if file_format == Format.CSV:
            return Preview(formats.columns(head, encoding), ())
        rows = formats.read(BytesIO(head), file_format, encoding=encoding)
        return Preview(None, tuple(islice(rows, PREVIEW_ROWS)))
    except UnreadableFile as error:
        raise InvalidInput(_(error.message) % error.values) from error
    except FileNotFoundError as error:
        raise InvalidInput(_("The file is no longer kept; send it again.")) from error


def start(
    project_id: int,
    manager: User,
    job_id: UUID,
    file_format: Format,
    encoding: str,
    choice: ColumnChoice | None,
) -> ImportJob:
    """Read the file: a small one now, a large one by a worker. A second call changes nothing.

    Raises NotAllowed, NotFound, and InvalidInput where its first rows cannot be read this way.
    """
    job = job_of(project_id, manager, job_id)
    waits = Q(state__in=(ImportJob.State.UPLOADED, ImportJob.State.FAILED))
    if job.state in (ImportJob.State.UPLOADED, ImportJob.State.FAILED):
        preview(job, file_format, encoding)
    is_small = job.byte_count <= AT_ONCE_BYTES
    is_ours = ImportJob.objects.filter(waits, pk=job.pk).update(
        state=ImportJob.State.RUNNING if is_small else ImportJob.State.QUEUED,
        heartbeat_at=Now(),
        file_format=file_format.value,
        encoding=encoding,
        columns=asdict(choice) if choice else None,
        failure="",
    )
    if is_ours and is_small:
        _run(job.pk, lambda: None)
    elif is_ours:
        owed.owe(project_id, OwedWork.Kind.IMPORT)
    job.refresh_from_db()
    return job


def resume(project_id: int, manager: User, job_id: UUID) -> None:
    """Send for a worker again, where a run has fallen silent. What was stored is not stored twice."""
    job = job_of(project_id, manager, job_id)
    if ImportJob.objects.filter(_silent(), pk=job.pk).update(state=ImportJob.State.QUEUED):
        owed.owe(project_id, OwedWork.Kind.IMPORT)


def discard(project_id: int, manager: User, job_id: UUID) -> None:
    """Forget a file that is not being read; what it brought stays. Raises NotAllowed, NotFound."""
    job = job_of(project_id, manager, job_id)
    if ImportJob.objects.filter(pk=job.pk).exclude(state=ImportJob.State.RUNNING).delete()[0]:
        _path(job).unlink(missing_ok=True)


def is_silent(job: ImportJob) -> bool:
    """Whether the run that should read the file has said nothing for too long."""
    return ImportJob.objects.filter(_silent(), pk=job.pk).exists()


def read_waiting(work: OwedWork) -> None:
    """Read the project's files that wait, one after the other: what a worker does when told."""
    waiting = ImportJob.objects.filter(Q(state=ImportJob.State.QUEUED) | _silent(), project=work.project_id)
    while job := waiting.last():
        _run(job.pk, lambda: owed.beat(work))


def _run(job_id: UUID, beat: Callable[[], None]) -> None:
    job = ImportJob.objects.get(pk=job_id)
    ours = ImportJob.objects.filter(pk=job_id)
    ours.update(state=ImportJob.State.RUNNING, heartbeat_at=Now())
    choice = ColumnChoice(**job.columns) if job.columns else None

    def on_progress(report: ImportReport) -> None:
        beat()
        ours.update(heartbeat_at=Now(), bytes_read=file.tell(), **_counts(report))

    try:
        with _path(job).open("rb") as file:
            rows = formats.read(file, Format(job.file_format), choice=choice, encoding=job.encoding)
            report = import_documents(job.project_id, rows, on_progress, source=job.file_name)
    except UnreadableFile as error:
        _end(job, ImportJob.State.FAILED, failure=_(error.message) % error.values)
    except FileNotFoundError:
        _end(job, ImportJob.State.FAILED, failure=_("The file is no longer kept; send it again."))
    else:
        _end(job, ImportJob.State.DONE, bytes_read=job.byte_count, **_counts(report))
        _path(job).unlink(missing_ok=True)


def _end(job: ImportJob, state: ImportJob.State, **facts: Any) -> None:
    ImportJob.objects.filter(pk=job.pk).update(state=state, finished_at=Now(), **facts)


def _counts(report: ImportReport) -> dict[str, Any]:
    return {
        "imported": report.added,
        "already_there": report.known,
        "labelled": report.labelled,
        "bad_row_count": report.bad,
        "bad_rows": [
            {"line": row.line, "message": row.message, "values": dict(row.values), "excerpt": row.excerpt}
            for row in report.bad_rows
        ],
    }


def _path(job: ImportJob) -> Path:
    return Path(settings.DATA_DIR, "uploads", job.pk.hex)


def _head(job: ImportJob) -> bytes:
    file: BinaryIO
    with _path(job).open("rb") as file:
        return file.read(formats.HEAD_BYTES)


def _silent() -> Q:
    return Q(state=ImportJob.State.RUNNING, heartbeat_at__lt=Now() - timedelta(seconds=SILENT_SECONDS))


def _discard_forgotten(project_id: int) -> None:
    forgotten = ImportJob.objects.filter(
        project=project_id,
        state__in=(ImportJob.State.UPLOADED, ImportJob.State.FAILED),
        created_at__lt=Now() - timedelta(hours=KEPT_HOURS),
    )
    for job in forgotten:
        _path(job).unlink(missing_ok=True)
        job.delete()
