"""How do workers learn that there is something to do? The row is the truth, the message only a hint.

Work is owed by name, so that no action (and no web process) imports the tasks or the mathematics behind them.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from kombu.exceptions import OperationalError

from labeling.exceptions import StaleRun
from labeling.models import Now, OwedWork

logger = logging.getLogger(__name__)

TASK_OF = {
    OwedWork.Kind.IMPORT: "labeling.tasks.import_files",
    OwedWork.Kind.FEATURIZE: "labeling.tasks.featurize",
    OwedWork.Kind.EMBED: "labeling.tasks.embed",
    OwedWork.Kind.TRAIN: "labeling.tasks.train",
    OwedWork.Kind.RANK: "labeling.tasks.rank",
    OwedWork.Kind.REPLAY: "labeling.tasks.replay",
    OwedWork.Kind.TUNE: "labeling.tasks.tune",
    OwedWork.Kind.TELL_LANGUAGES: "labeling.tasks.tell_languages",
}
MOST_ATTEMPTS = 3  # a run that kills its process must not kill every process in turn
SILENT_SECONDS = 60  # a run beats its heart far more often; after this its worker is taken for dead
HINT_AGAIN_SECONDS = 10  # a message may have been lost


def owe(project_id: int, kind: OwedWork.Kind) -> None:
    """Note that the workers owe this project a piece of work, and tell them once this is committed.

    Owing twice is owing once: work that is queued covers it. Work that runs does not: it may have read its
    input before.
    """
    _, is_new = OwedWork.objects.get_or_create(project_id=project_id, kind=kind, state=OwedWork.State.QUEUED)
    if is_new:
        transaction.on_commit(lambda: hint(project_id, kind))


def hint(project_id: int, kind: str) -> None:
    """Send the message. A broker that is down costs a log line: the reconciler sends it again."""
    queued = OwedWork.objects.filter(project_id=project_id, kind=kind, state=OwedWork.State.QUEUED)
    queued.update(hinted_at=Now())
    try:
        current_app.send_task(TASK_OF[OwedWork.Kind(kind)], args=[project_id], ignore_result=True)
    except (OperationalError, OSError) as error:
        logger.warning("The broker did not take a hint (%s for project %s): %s", kind, project_id, error)


def start(project_id: int, kind: OwedWork.Kind) -> OwedWork | None:
    """Take queued work, so that nobody else does; None where there is none or another worker runs it."""
    fence = uuid.uuid4()
    queued = OwedWork.objects.filter(project_id=project_id, kind=kind, state=OwedWork.State.QUEUED)
    try:
        with transaction.atomic():
            queued.update(
                state=OwedWork.State.RUNNING, fence=fence, attempts=F("attempts") + 1, heartbeat_at=Now()
            )
    except IntegrityError:  # one_running_work_of_a_kind: it is queued again for when that run has ended
        return None
    return OwedWork.objects.filter(fence=fence).first()


def beat(work: OwedWork) -> None:
    """Show that the run is alive. Raises StaleRun where somebody else has taken it over."""
    if not OwedWork.objects.filter(pk=work.pk, fence=work.fence).update(heartbeat_at=Now()):
        raise StaleRun


def finish(work: OwedWork) -> None:
    """The work is done. Whatever was owed meanwhile stands in a row of its own, and is told of now."""
    OwedWork.objects.filter(pk=work.pk, fence=work.fence).delete()
    if OwedWork.objects.filter(
        project_id=work.project_id, kind=work.kind, state=OwedWork.State.QUEUED
    ).exists():
        hint(work.project_id, work.kind)


@transaction.atomic
def fail(work: OwedWork, why: str) -> None:
    """Queue the work once more, or after the last attempt leave it failed with its reason.

    A run that was taken over meanwhile changes nothing: the attempts are those of the newer run.
    """
    own = OwedWork.objects.filter(pk=work.pk, fence=work.fence)
    if not own.select_for_update():
        return
    of_kind = OwedWork.objects.filter(project_id=work.project_id, kind=work.kind)
    if work.attempts >= MOST_ATTEMPTS:
        of_kind.filter(state=OwedWork.State.FAILED).delete()
        own.update(state=OwedWork.State.FAILED, failure=why[:2000], fence=None)
        return
    try:
        with transaction.atomic():
            own.update(state=OwedWork.State.QUEUED, failure=why[:2000], fence=None, hinted_at=Now())
    except IntegrityError:  # one_queued_work_of_a_kind: it was owed again meanwhile, and that row goes on
        own.delete()
        of_kind.filter(state=OwedWork.State.QUEUED).update(attempts=work.attempts, failure=why[:2000])


def retry(project_id: int, kind: OwedWork.Kind) -> None:
    """Try failed work again from its first attempt, because somebody asked."""
    OwedWork.objects.filter(project_id=project_id, kind=kind, state=OwedWork.State.FAILED).delete()
    owe(project_id, kind)


def reconcile() -> int:
    """Find work whose worker died or whose message was lost, and send for it. Returns how many messages."""
    silent = Q(heartbeat_at__lt=Now() - timedelta(seconds=SILENT_SECONDS))
    for work in OwedWork.objects.filter(silent, state=OwedWork.State.RUNNING):
        fail(work, "The worker ended without a word; it was killed or its machine went down.")
    unheard = Q(hinted_at=None) | Q(hinted_at__lt=Now() - timedelta(seconds=HINT_AGAIN_SECONDS))
    waiting = list(OwedWork.objects.filter(unheard, state=OwedWork.State.QUEUED))
    for work in waiting:
        hint(work.project_id, work.kind)
    return len(waiting)
