"""Outbox of the workers: their jobs, who runs them, and what becomes of a run that fails.

The row is the truth, the message only a hint.
Jobs are queued by name, so that no action (and no web process) imports the tasks or the mathematics behind
them.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from celery import current_app
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, Func, Q, QuerySet
from django.db.models.functions import Greatest
from kombu.exceptions import OperationalError

from labeling.db.clock import Now
from labeling.exceptions import StaleRun
from labeling.jobs.lanes import LANES
from labeling.jobs.models import Job
from labeling.jobs.runners import has_ended, this_process

logger = logging.getLogger(__name__)

RUN_JOB = "labeling.tasks.run_job"
HEARTBEAT_SECONDS = 3
SILENT_SECONDS = 15  # without a heartbeat; after this a run is taken for dead
HINT_AGAIN_SECONDS = 10  # a message may have been lost
FIRST_PAUSE_SECONDS = 10  # after an error of its own; doubles with each in a row
FIRST_INTERRUPTION_PAUSE_SECONDS = 5  # after the second interruption in a row; doubles with each
LONGEST_PAUSE_SECONDS = 3600
NEW_INPUT_PAUSE_SECONDS = 60  # at most, where the job is queued anew: the new input may be what it needs
ENDED = "The worker ended without a word; it was killed or its machine went down."


class ServerStart(Func):
    """When the database began to run: nobody could show a sign of life before."""

    function = "pg_postmaster_start_time"
    output_field = DateTimeField()


def enqueue(project_id: int, kind: Job.Kind) -> None:
    """Queue a job for this project, and tell the workers once this is committed.

    Queuing twice is queuing once: a queued job covers it. A running one does not: it may have read its
    input before. A job that failed and is queued anew waits for a minute at most.
    """
    queued, is_new = Job.objects.get_or_create(project_id=project_id, kind=kind, state=Job.State.QUEUED)
    if is_new:
        transaction.on_commit(lambda: hint(project_id, kind))
    elif queued.next_attempt_at is not None:
        soon = Now() + timedelta(seconds=NEW_INPUT_PAUSE_SECONDS)
        Job.objects.filter(pk=queued.pk, next_attempt_at__gt=soon).update(next_attempt_at=soon)


def hint(project_id: int, kind: str) -> None:
    """Send the message. A broker that is down costs a log line: the reconciler sends it again."""
    _queued(project_id, kind).update(hinted_at=Now())
    try:
        options = LANES[Job.Kind(kind)].send_options()
        current_app.send_task(RUN_JOB, args=[project_id, str(kind)], ignore_result=True, **options)
    except (OperationalError, OSError) as error:
        logger.warning("The broker did not take a hint (%s for project %s): %s", kind, project_id, error)


def start(project_id: int, kind: Job.Kind) -> Job | None:
    """Take a queued job, so that nobody else does; None where there is none or another worker runs it."""
    _free_ended(Job.objects.filter(project_id=project_id, kind=kind))  # its message came back at once
    fence = uuid.uuid4()
    due = Job.objects.due().filter(project_id=project_id, kind=kind)
    try:
        with transaction.atomic():
            due.update(
                state=Job.State.RUNNING,
                fence=fence,
                runner=this_process(),
                heartbeat_at=Now(),
                next_attempt_at=None,
            )
    except IntegrityError:  # one_running_work_of_a_kind: it is queued again for when that run has ended
        return None
    return Job.objects.filter(fence=fence).first()


def beat(job: Job) -> None:
    """Show that the run is alive. Raises StaleRun where somebody else has taken it over."""
    if not Job.objects.filter(pk=job.pk, fence=job.fence).update(heartbeat_at=Now()):
        raise StaleRun


@contextmanager
def heartbeat(job: Job) -> Iterator[None]:
    """Show that the run is alive for as long as the block takes, however long each of its steps is."""
    is_over = Event()
    heart = Thread(target=_beat_until, args=(job, is_over), name=f"heartbeat of {job}", daemon=True)
    heart.start()
    try:
        yield
    finally:
        is_over.set()
        heart.join()


def _beat_until(job: Job, is_over: Event) -> None:
    """A thread has a database connection of its own; a run of a few seconds never opens it."""
    try:
        while not is_over.wait(HEARTBEAT_SECONDS):
            try:
                Job.objects.filter(pk=job.pk, fence=job.fence).update(heartbeat_at=Now())
            except DatabaseError as error:
                logger.warning("No heartbeat of %s: %s", job, type(error).__name__)
                connection.close()
    finally:
        connection.close()


def finish(job: Job) -> None:
    """The job is done. Whatever was queued meanwhile stands in a row of its own, and is told of now."""
    Job.objects.filter(pk=job.pk, fence=job.fence).delete()
    if _queued(job.project_id, job.kind).exists():
        hint(job.project_id, job.kind)


def fail(job: Job, why: str) -> None:
    """Queue the job again after an error of its own, with pauses that grow to an hour."""
    attempts = job.attempts + 1
    pause = backoff_pause(FIRST_PAUSE_SECONDS, attempts)
    _queue_again(job, pause, failure=why[:2000], attempts=attempts)


def interrupt(job: Job, why: str) -> None:
    """Queue the job again after a fault around it, which says nothing against it: at once the first time.

    Later ones in a row have pauses that grow to an hour: a run that uses up all memory must not kill every
    process in turn.
    """
    interruptions = job.interruptions + 1
    pause = backoff_pause(FIRST_INTERRUPTION_PAUSE_SECONDS, interruptions - 1)
    _queue_again(job, pause, failure=why[:2000], interruptions=interruptions)


def backoff_pause(first_seconds: int, number: int) -> int:
    """Seconds before the next attempt after the number-th fault in a row; none before the first.

    >>> [backoff_pause(10, number) for number in (0, 1, 2, 3, 9, 10, 1000)]
    [0, 10, 20, 40, 2560, 3600, 3600]
    """
    return min(first_seconds * 2 ** min(number - 1, 20), LONGEST_PAUSE_SECONDS) if number else 0


@transaction.atomic
def _queue_again(job: Job, pause: int, **fields: Any) -> None:
    """Back into the queue, not before the pause is over; a run that was taken over changes nothing."""
    own = Job.objects.filter(pk=job.pk, fence=job.fence)
    if not own.select_for_update():
        return
    try:
        with transaction.atomic():
            own.update(
                state=Job.State.QUEUED, fence=None, runner="", hinted_at=None, **_after(pause), **fields
            )
    except IntegrityError:  # one_queued_work_of_a_kind: it was queued again meanwhile, and that row goes on
        own.delete()
        _queued(job.project_id, job.kind).update(**_after(min(pause, NEW_INPUT_PAUSE_SECONDS)), **fields)


def _after(pause: int) -> dict[str, Any]:
    return {"next_attempt_at": Now() + timedelta(seconds=pause) if pause else None}


@transaction.atomic
def retry(project_id: int, kind: Job.Kind) -> None:
    """Try a job at once, and as if it had never failed, because somebody asked."""
    _queued(project_id, kind).delete()
    enqueue(project_id, kind)


def reconcile() -> int:
    """Find jobs whose worker died or whose message was lost, and send for it. Returns how many messages."""
    _free_ended(Job.objects.all())
    unheard = Q(hinted_at=None) | Q(hinted_at__lt=Now() - timedelta(seconds=HINT_AGAIN_SECONDS))
    waiting = list(Job.objects.due().filter(unheard))
    for job in waiting:
        hint(job.project_id, job.kind)
    return len(waiting)


@transaction.atomic
def _free_ended(jobs: QuerySet[Job]) -> None:
    """Queue again what runs nowhere any more. Silence while the database was away is nobody's fault.

    A row that is locked is just being written by its run.
    """
    silence = ExpressionWrapper(Now() - Greatest("heartbeat_at", ServerStart()), DurationField())
    running = jobs.filter(state=Job.State.RUNNING).select_for_update(skip_locked=True)
    for job in running.annotate(silence=silence):
        if job.silence > timedelta(seconds=SILENT_SECONDS) or has_ended(job.runner):
            interrupt(job, ENDED)


def _queued(project_id: int, kind: str) -> QuerySet[Job]:
    return Job.objects.filter(project_id=project_id, kind=kind, state=Job.State.QUEUED)
