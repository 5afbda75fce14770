"""Default hyperparameters: a manager's way back to them, apart from the trials and their mathematics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from labeling.db.clock import Now
from labeling.jobs.models import Job
from labeling.jobs.outbox import enqueue
from labeling.projects.members import manager_of
from labeling.training.models import Tuning

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def use_defaults(project_id: int, manager: User) -> bool:
    """Go back to the default hyperparameters until the next trial. Returns whether another one was in use.

    The project is trained anew. Raises NotAllowed.
    """
    manager_of(project_id, manager)
    newest = Tuning.objects.filter(project=project_id).exclude(finished_at=None).first()
    if newest is None or newest.dismissed_at is not None:
        return False
    Tuning.objects.filter(pk=newest.pk).update(dismissed_at=Now(), dismissed_by=manager)
    enqueue(project_id, Job.Kind.TRAIN)
    return True
