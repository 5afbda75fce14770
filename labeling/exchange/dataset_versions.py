"""Dataset versions: created by managers, written by a worker, downloaded in every pure format, compared."""

from __future__ import annotations

import gzip
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from labeling.db.clock import Now
from labeling.exceptions import InvalidInput, NotFound, StaleRun
from labeling.exchange.datasets import outline_of_project, records_of_project
from labeling.exchange.exporting import ExportFormat, counted, write_rows
from labeling.exchange.importing import FAULTS
from labeling.exchange.models import Content, DatasetVersion
from labeling.formats.bundles import SingleFile
from labeling.formats.dataset_differences import DatasetDifference, difference
from labeling.formats.dataset_statistics import DatasetStatistics
from labeling.formats.exports import rows_of
from labeling.formats.outlines import ProjectOutline
from labeling.formats.projects import WRITERS
from labeling.formats.readers import dataset as reader
from labeling.formats.records import BadRow, Record
from labeling.formats.streams import CHUNK_BYTES
from labeling.guidelines.models import Guideline
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.predictions.models import ModelVersion
from labeling.projects.members import check_storable, manager_of
from labeling.projects.models import Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)
State = DatasetVersion.State
MAX_COMPARED_DOCUMENTS = 50_000  # of two versions together, within a request: two seconds
TOO_LARGE = "./run manage compare_dataset_versions {project} {old} {new}"


def create(
    project_id: int, manager: User, *, name: str = "", note: str = "", content: str = Content.ANNOTATORS
) -> DatasetVersion:
    """Have a worker freeze the data as they are when it begins. Raises NotAllowed, ValidationError."""
    manager_of(project_id, manager)
    version = add(project_id, manager, name=name, note=note, content=content)
    outbox.enqueue(project_id, Job.Kind.DATASET)
    return version


@transaction.atomic
def add(
    project_id: int, person: User | None, *, name: str = "", note: str = "", content: str = Content.ANNOTATORS
) -> DatasetVersion:
    """The next version, which nobody has been told to write yet."""
    Project.objects.select_for_update(no_key=True).get(pk=project_id)  # two managers get two numbers
    own = DatasetVersion.objects.filter(project=project_id)
    number = (own.aggregate(newest=Max("number"))["newest"] or 0) + 1
    version = DatasetVersion(
        project_id=project_id, number=number, name=name, note=note, content=content, created_by=person
    )
    check_storable(version)
    version.save()
    return version


def version_of(project_id: int, manager: User, number: int) -> DatasetVersion:
    """One version that is not deleted. Raises NotAllowed, NotFound."""
    manager_of(project_id, manager)
    kept = DatasetVersion.objects.kept().select_related("project")
    version = kept.filter(project=project_id, number=number).first()
    if version is None:
        raise NotFound
    return version


def delete(project_id: int, manager: User, number: int) -> None:
    """Delete the file of a version that no worker is writing; the number stays taken."""
    version = version_of(project_id, manager, number)
    over = DatasetVersion.objects.filter(pk=version.pk, state__in=(State.READY, State.FAILED))
    if over.update(state=State.DELETED):
        path_of(version).unlink(missing_ok=True)


def path_of(version: DatasetVersion) -> Path:
    run = version.run.hex if version.run else "none"
    return Path(settings.DATA_DIR, "datasets", f"{version.project_id}-{version.number}-{run}.jsonl.gz")


def bytes_written(version: DatasetVersion) -> int:
    """Packed bytes of a version that is being written."""
    try:
        return path_of(version).stat().st_size
    except OSError:
        return 0


def write_waiting(job: Job) -> None:
    """Write the project's versions that wait, the oldest first: what a worker does when told."""
    left_behind = Q(state=State.WRITING) & ~Q(run=job.fence)
    waiting = DatasetVersion.objects.filter(Q(state=State.QUEUED) | left_behind, project=job.project_id)
    for version in waiting.order_by("number"):
        path_of(version).unlink(missing_ok=True)
        write(version, job.fence or uuid4(), lambda: outbox.beat(job))


def write(version: DatasetVersion, run: UUID, beat: Callable[[], None]) -> None:
    """Freeze the data.

    run : each writes a file of its own, so that one that comes late changes nothing
    Raises StaleRun where another run has taken over, and FAULTS, after which it may be tried again.
    """
    version.run = run
    version.state = State.WRITING
    version.save(update_fields=["run", "state"])
    ours = DatasetVersion.objects.filter(pk=version.pk, state=State.WRITING, run=version.run)
    try:
        with _snapshot():
            fields = _freeze(version)
    except FAULTS:
        raise
    except Exception as error:
        logger.exception("%s failed", version)
        path_of(version).unlink(missing_ok=True)
        ours.update(state=State.FAILED, failure=f"{type(error).__name__}: {error}"[:500], finished_at=Now())
        return
    beat()
    if not ours.update(state=State.READY, finished_at=Now(), failure="", **fields):
        path_of(version).unlink(missing_ok=True)
        raise StaleRun


def _freeze(version: DatasetVersion) -> dict[str, object]:
    """Write the file; the columns that describe it."""
    project = Project.objects.get(pk=version.project_id)
    outline = outline_of_project(project)
    statistics = DatasetStatistics()
    records = statistics.pass_on(records_of_project(project, Content(version.content)))
    digest, size = hashlib.sha256(), 0
    path = path_of(version)
    path.parent.mkdir(parents=True, exist_ok=True)
    # No name and no time inside: equal data make equal files.
    with path.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
        for piece in WRITERS["dataset"].write(outline, records, _ignore):
            packed.write(piece)
            digest.update(piece)
            size += len(piece)
    newest = Guideline.objects.filter(project=project).order_by("-number").first()
    model = ModelVersion.objects.in_use(project)
    return {
        "byte_count": size,
        "sha256": digest.hexdigest(),
        "statistics": statistics.as_json(),
        "guideline": newest and newest.number,
        "model": model and model.number,
    }


def dataset_lines(version: DatasetVersion) -> Iterator[bytes]:
    """The lines as they were frozen, in pieces. Raises NotFound if the file is gone."""
    return _unpacked(_existing(version))


def contents(version: DatasetVersion) -> tuple[ProjectOutline, Iterator[Record]]:
    """The outline and the records of a frozen version. Raises NotFound if the file is gone."""
    path = _existing(version)
    bundle = SingleFile(path, path.name)
    records = (record for record in reader.read(bundle) if isinstance(record, Record))
    return reader.outline(bundle), records


def download(
    version: DatasetVersion,
    key: str,
    on_loss: Callable[[BadRow], None] = lambda loss: None,
    on_progress: Callable[[int], None] | None = None,
) -> Iterator[bytes]:
    """The version in any format: a key of WRITERS or a value of ExportFormat.

    on_progress : is told the number of documents or rows so far, now and then and at the end; never of lines
        that leave as they were frozen
    Raises NotFound; and UnreadableFile where an optional package is missing, which no web process may load.
    """
    if key == "dataset":
        return dataset_lines(version)
    outline, records = contents(version)
    if key in ExportFormat.values:
        rows = counted((row for record in records for row in rows_of(record)), on_progress)
        metadata_keys = (set(record.metadata) for record in contents(version)[1])
        return write_rows(rows, ExportFormat(key), outline.kind or "single", metadata_keys)
    if key not in WRITERS:
        raise NotFound
    return WRITERS[key].write(outline, counted(records, on_progress), on_loss)


def file_name(version: DatasetVersion, key: str, suffix: str) -> str:
    """What a download is called on any system: ASCII, and nothing that people typed."""
    return f"project-{version.project_id}-version-{version.number}-{key.replace('_', '-')}{suffix}"


def compare(old: DatasetVersion, new: DatasetVersion) -> DatasetDifference:
    """What changed between two frozen versions; a second for 25,000 documents. Raises NotFound."""
    return difference(contents(old), contents(new))


def compare_in_request(old: DatasetVersion, new: DatasetVersion) -> DatasetDifference:
    """The same for versions that are small enough. Raises InvalidInput that names the command for others."""
    documents = sum(version.statistics.get("documents", 0) for version in (old, new))
    if documents > MAX_COMPARED_DOCUMENTS:
        command = TOO_LARGE.format(project=old.project_id, old=old.number, new=new.number)
        raise InvalidInput(
            _("These versions are too large to compare here. Run {command}").format(command=command)
        )
    return compare(old, new)


@contextmanager
def _snapshot() -> Iterator[None]:
    """One state of the database for all statements of the block, whatever is labeled meanwhile."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _existing(version: DatasetVersion) -> Path:
    path = path_of(version)
    if version.state != State.READY or not path.exists():
        raise NotFound(_("The file of this version is missing on the server."))
    return path


def _unpacked(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def _ignore(loss: BadRow) -> None:
    """Losses of a format are listed before the download."""
