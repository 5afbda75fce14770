"""How do workers learn that there is something to do? The row is the truth, the message only a hint.

Work is owed by name, so that no action (and no web process) imports the tasks or the mathematics behind them.
"""

from __future__ import annotations

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from labeling.models import Now, OwedWork

logger = logging.getLogger(__name__)

TASK_OF = {
    OwedWork.Kind.IMPORT: "labeling.tasks.import_files",
    OwedWork.Kind.FEATURIZE: "labeling.tasks.featurize",
    OwedWork.Kind.TRAIN: "labeling.tasks.train",
    OwedWork.Kind.RANK: "labeling.tasks.rank",
}


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
    OwedWork.objects.filter(project_id=project_id, kind=kind, state=OwedWork.State.QUEUED).update(
        hinted_at=Now()
    )
    try:
        current_app.send_task(TASK_OF[OwedWork.Kind(kind)], args=[project_id], ignore_result=True)
    except (OperationalError, OSError) as error:
        logger.warning("The broker did not take a hint (%s for project %s): %s", kind, project_id, error)
