"""Export jobs: files of labels that a worker writes, and that are kept for a day."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from labeling.db.clock import Now
from labeling.exceptions import InvalidInput, LabelingError, NotFound
from labeling.exchange import dataset_versions, export_files
from labeling.exchange.export_files import CONTENTS, file_format, format_keys
from labeling.exchange.exporting import ExportFormat, Scope
from labeling.exchange.importing import FAULTS
from labeling.exchange.models import Content, DatasetVersion, ExportFile
from labeling.formats.records import BadRow, UnreadableFile
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.projects.members import manager_of
from labeling.projects.models import Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)
State = ExportFile.State
MAX_IN_PROGRESS = 3  # of a project
MAX_FILES = 5  # of a project; a new one replaces the oldest that is over
RETENTION_HOURS = 24
SCOPES = {content: scope for scope, content in CONTENTS.items()}


class _Canceled(Exception):
    """The file is no longer wanted, or another run writes it."""


@transaction.atomic
def create(
    project_id: int,
    manager: User,
    key: str,
    *,
    scope: Scope = Scope.SETTLED,
    version_number: int | None = None,
) -> ExportFile:
    """Have a worker write a file.

    key : of a format, as export_files.format_keys names them
    scope : of no effect where a frozen dataset version is given
    Raises NotAllowed, NotFound, and InvalidInput where enough files of the project are being written.
    """
    manager_of(project_id, manager)
    Project.objects.select_for_update(no_key=True).get(pk=project_id)  # two managers get one limit
    if key not in format_keys():
        raise NotFound
    version, content = None, CONTENTS[scope]
    if version_number is not None:
        version = dataset_versions.version_of(project_id, manager, version_number)
        if version.state != DatasetVersion.State.READY:
            raise NotFound
        content = Content(version.content)
    own = ExportFile.objects.filter(project=project_id)
    if own.in_progress().count() >= MAX_IN_PROGRESS:
        raise InvalidInput(_("Too many export files are being written. Wait for one, or cancel it."))
    for replaced in own.over().order_by("-created_at")[MAX_FILES - own.in_progress().count() - 1 :]:
        _remove(replaced)
    export_file = ExportFile.objects.create(
        project_id=project_id, created_by=manager, file_format=key, content=content, dataset_version=version
    )
    outbox.enqueue(project_id, Job.Kind.EXPORT)
    return export_file


def files_of(project_id: int, manager: User) -> list[ExportFile]:
    """All files of the project, the newest first. Raises NotAllowed."""
    manager_of(project_id, manager)
    return list(ExportFile.objects.filter(project=project_id).select_related("dataset_version"))


def file_of(project_id: int, manager: User, file_id: UUID) -> ExportFile:
    """One file of the project. Raises NotAllowed, NotFound."""
    manager_of(project_id, manager)
    files = ExportFile.objects.select_related("project", "dataset_version")
    export_file = files.filter(project=project_id, pk=file_id).first()
    if export_file is None:
        raise NotFound
    return export_file


def delete(project_id: int, manager: User, file_id: UUID) -> None:
    """Delete a file, or cancel it: the worker notices at its next page. Raises NotAllowed, NotFound."""
    _remove(file_of(project_id, manager, file_id))


def existing_path(export_file: ExportFile) -> Path:
    """Where the written file lies. Raises NotFound."""
    path = path_of(export_file)
    if export_file.state != State.READY or not path.exists():
        raise NotFound
    return path


def path_of(export_file: ExportFile) -> Path:
    """Each run writes a file of its own, so that one that comes late changes nothing."""
    run = export_file.run.hex if export_file.run else "none"
    return _folder() / f"{export_file.pk.hex}-{run}"


def file_name(export_file: ExportFile) -> str:
    """What a download is called on any system."""
    chosen = file_format(export_file.file_format)
    if export_file.dataset_version:
        return dataset_versions.file_name(export_file.dataset_version, chosen.key, chosen.suffix)
    return export_files.file_name(export_file.project, scope_of(export_file), chosen)


def scope_of(export_file: ExportFile) -> Scope:
    """Which annotations are in it."""
    return SCOPES[Content(export_file.content)]


def expires_at(export_file: ExportFile) -> datetime | None:
    """When a file that is over is deleted."""
    over = export_file.finished_at
    return over and over + timedelta(hours=RETENTION_HOURS)


def write_waiting(job: Job) -> None:
    """Write the project's files that wait, the oldest first: what a worker does when told.

    Raises FAULTS, after which a file is written from its start.
    """
    left_behind = Q(state=State.WRITING) & ~Q(run=job.fence)
    waiting = ExportFile.objects.filter(Q(state=State.QUEUED) | left_behind, project=job.project_id)
    while export_file := waiting.order_by("created_at").first():
        write(export_file, job.fence or uuid4(), lambda: outbox.beat(job))


@translation.override("en")  # what is stored of it is in no reader's language
def write(export_file: ExportFile, run: UUID, beat: Callable[[], None]) -> None:
    """Write one file. Raises StaleRun where another run has taken over, and FAULTS."""
    path_of(export_file).unlink(missing_ok=True)  # of a run that broke off
    taken = ExportFile.objects.filter(pk=export_file.pk, state=export_file.state, run=export_file.run)
    if not taken.update(state=State.WRITING, run=run, rows_written=0, row_count=_row_count(export_file)):
        return
    export_file.run = run
    ours = ExportFile.objects.filter(pk=export_file.pk, state=State.WRITING, run=run)
    path = path_of(export_file)
    ended: dict[str, object] = {"state": State.FAILED}
    try:
        incomplete_count = _write_pieces(export_file, ours, beat)
        byte_count = path.stat().st_size
        ended = {"state": State.READY, "byte_count": byte_count, "incomplete_count": incomplete_count}
    except _Canceled:
        pass  # its row is gone, so nothing is updated below
    except FAULTS:
        path.unlink(missing_ok=True)
        raise
    except Exception as error:
        ended["failure"] = _reason(export_file, error)
    is_kept = ours.update(finished_at=Now(), **ended)
    if ended["state"] == State.FAILED or not is_kept:
        path.unlink(missing_ok=True)


def sweep() -> None:
    """Delete files that were over a day ago, and what lies in their folder without a row."""
    old = Now() - timedelta(hours=RETENTION_HOURS)
    for export_file in ExportFile.objects.over().filter(finished_at__lt=old):
        _remove(export_file)
    before = timezone.now().timestamp() - RETENTION_HOURS * 3600
    for path in _folder().iterdir() if _folder().exists() else ():
        if path.stat().st_mtime < before and not _is_known(path):
            path.unlink(missing_ok=True)


def _is_known(path: Path) -> bool:
    """Whether a file in the folder is that of the last run of a row."""
    try:
        return ExportFile.objects.filter(run=UUID(path.name.partition("-")[2])).exists()
    except ValueError:
        return False


def _write_pieces(export_file: ExportFile, ours: QuerySet[ExportFile], beat: Callable[[], None]) -> int:
    """Write the file; how many losses there were. Raises _Canceled where `ours` is gone."""
    incomplete = 0

    def on_progress(rows: int) -> None:
        beat()
        if not ours.update(rows_written=rows):
            raise _Canceled

    def on_loss(loss: BadRow) -> None:
        nonlocal incomplete
        incomplete += 1

    path = path_of(export_file)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines(_pieces(export_file, on_progress, on_loss))
    return incomplete


def _reason(export_file: ExportFile, error: Exception) -> str:
    """What the page says of a file that could not be written."""
    if isinstance(error, UnreadableFile):
        return _(error.message) % error.values
    if isinstance(error, LabelingError):
        return error.detail or error.message
    logger.error("Export file %s of project %s", export_file.pk, export_file.project_id, exc_info=error)
    return f"{type(error).__name__}: {error}"[:500]


def _pieces(
    export_file: ExportFile, on_progress: Callable[[int], None], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    key = export_file.file_format
    if export_file.dataset_version:
        return dataset_versions.download(export_file.dataset_version, key, on_loss, on_progress)
    return export_files.export_file(export_file.project, scope_of(export_file), key, on_progress, on_loss)


def _row_count(export_file: ExportFile) -> int | None:
    """Documents that are read; None where rows are annotations, whose number nobody knows before."""
    if export_file.file_format in ExportFormat.values:
        return None
    if export_file.dataset_version:
        return int(export_file.dataset_version.statistics["documents"])
    return export_file.project.present_count


def _remove(export_file: ExportFile) -> None:
    export_file_path = path_of(export_file)
    ExportFile.objects.filter(pk=export_file.pk).delete()
    export_file_path.unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.DATA_DIR, "exports")
