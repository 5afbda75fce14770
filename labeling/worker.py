"""Job worker: what it does when a message comes. It takes a job and leaves it done, queued or failed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from django.db import InterfaceError, OperationalError

from labeling.documents import languages
from labeling.exceptions import StaleRun
from labeling.exchange import dataset_versions, export_jobs, uploads
from labeling.features import encoding, pipeline
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.queue import expiry
from labeling.replay.control import run_comparison
from labeling.replay.worker import run_replay
from labeling.training import dataset, run, tuning

logger = logging.getLogger(__name__)

HANDLERS: dict[str, Callable[[Job], None]] = {
    Job.Kind.IMPORT: uploads.read_waiting,
    Job.Kind.DATASET: dataset_versions.write_waiting,
    Job.Kind.EXPORT: export_jobs.write_waiting,
    Job.Kind.FEATURIZE: pipeline.featurize,
    Job.Kind.EMBED: encoding.encode,
    Job.Kind.TRAIN: run.train,
    Job.Kind.RANK: run.rank,
    Job.Kind.REPLAY: run_replay,
    Job.Kind.TUNE: tuning.run_tuning,
    Job.Kind.COMPARE: run_comparison,
    Job.Kind.TELL_LANGUAGES: languages.tell,
}


def run_job(project_id: int, kind: Job.Kind) -> bool:
    """Run the queued job; safe to call twice. Returns whether there was something to do.

    What goes wrong is written on the job and tried again at growing pauses, and never ends the worker.
    """
    job = outbox.start(project_id, kind)
    if job is None:
        return False
    try:
        with outbox.heartbeat(job):
            HANDLERS[kind](job)
    except StaleRun as error:
        logger.warning("%s of project %s was left to a newer run: %s", kind, project_id, error)
    except Exception as error:
        logger.exception("%s of project %s failed", kind, project_id)
        note = outbox.interrupt if is_interruption(error) else outbox.fail
        note(job, f"{type(error).__name__}: {error}")
    else:
        outbox.finish(job)
    return True


def is_interruption(error: BaseException) -> bool:
    """Whether something around the run failed, the database, the disk, the memory, and not the run itself.

    A file that is not there is the run's own mistake.

    >>> is_interruption(OSError(28, "No space left on device")), is_interruption(ValueError("no word"))
    (True, False)
    """
    return any(
        isinstance(cause, OperationalError | InterfaceError | MemoryError | OSError)
        and not isinstance(
            cause, FileNotFoundError | FileExistsError | IsADirectoryError | NotADirectoryError
        )
        for cause in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def reconcile() -> None:
    """Queue the trainings that are due, and send again for jobs whose message was lost."""
    for project in dataset.due_projects():
        outbox.enqueue(project.pk, Job.Kind.TRAIN)
    outbox.reconcile()


def sweep_leases() -> None:
    """Free the slots of leases that ran out, in every project."""
    for project_id in Project.objects.active().values_list("pk", flat=True):
        expiry.expire_leases(project_id)
