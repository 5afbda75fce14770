"""Tuning schedule: when other hyperparameters are tried, and when the usual ones come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from labeling.actions.lessons import is_due
from labeling.actions.owed import owe
from labeling.actions.projects import manager_of
from labeling.models import ModelVersion, Now, OwedWork, Project, Tuning

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MIN_LABELS = 100  # with fewer no gain gets beyond noise
DOUBLING = 2  # times the labels of the last trial


def owe_due() -> None:
    """Owe a trial to every project that has twice the labels of its last one and waits for nothing else.

    Work that failed and waits for its next attempt holds up nothing.
    """
    ready = ModelVersion.objects.ready().filter(project=OuterRef("pk"))
    tried = Tuning.objects.filter(project=OuterRef("pk")).order_by("-id")
    projects = (
        Project.objects.active()
        .exclude(kind=Project.Kind.SPANS)
        .exclude(pk__in=OwedWork.objects.exclude(next_attempt_at__gt=Now()).values("project"))
        .exclude(pk__in=OwedWork.objects.filter(kind=OwedWork.Kind.TUNE).values("project"))
        .annotate(
            labels=Subquery(ready.values("label_count")[:1]),
            tried=Coalesce(Subquery(tried.values("label_count")[:1]), 0),
        )
        .filter(labels__gte=MIN_LABELS, labels__gt=DOUBLING * F("tried") - 1)
    )
    for project in projects:
        if not is_due(project):
            owe(project.pk, OwedWork.Kind.TUNE)


@transaction.atomic
def use_defaults(project_id: int, manager: User) -> bool:
    """Go back to the usual recipe until the next trial. Returns whether another one was in use.

    The project is trained anew. Raises NotAllowed.
    """
    manager_of(project_id, manager)
    newest = Tuning.objects.filter(project=project_id).exclude(finished_at=None).first()
    if newest is None or newest.dismissed_at is not None:
        return False
    Tuning.objects.filter(pk=newest.pk).update(dismissed_at=Now(), dismissed_by=manager)
    owe(project_id, OwedWork.Kind.TRAIN)
    return True
