"""How does somebody ask for more labels of a class? A focus; the next ranking acts on it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from labeling.actions.owed import owe
from labeling.actions.projects import manager_of
from labeling.exceptions import InvalidInput, UnknownClass
from labeling.models import Annotation, Focus, LabelClass, Now, OwedWork, Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_WANTED = 10_000


@transaction.atomic
def focus_on(project_id: int, manager: User, class_id: UUID, wanted_labels: int, reason: str = "") -> Focus:
    """Ask for `wanted_labels` more labels of a class, instead of what was asked of it before.

    The queue is ranked again within seconds. Raises NotAllowed, UnknownClass, InvalidInput.
    """
    manager_of(project_id, manager)
    if not 1 <= wanted_labels <= MOST_WANTED:
        raise InvalidInput(_("Ask for 1 to {most} labels.").format(most=MOST_WANTED))
    Project.objects.select_for_update(no_key=True).get(pk=project_id)  # two wishes take turns
    if not LabelClass.objects.active().filter(project=project_id, pk=class_id).exists():
        raise UnknownClass
    end_focus(project_id, manager, class_id)
    newest = Annotation.objects.filter(project=project_id).aggregate(Max("pk"))["pk__max"]
    focus = Focus.objects.create(
        project_id=project_id,
        label_class_id=class_id,
        wanted_labels=wanted_labels,
        since_annotation=newest or 0,
        reason=reason[:300],
        created_by=manager,
    )
    owe(project_id, OwedWork.Kind.RANK)
    return focus


@transaction.atomic
def end_focus(project_id: int, manager: User, class_id: UUID) -> bool:
    """Take the wish back; the next ranking forgets it. Returns whether there was one."""
    manager_of(project_id, manager)
    ended = Focus.objects.filter(project=project_id, label_class=class_id, ended_at=None).update(
        ended_at=Now()
    )
    if ended:
        owe(project_id, OwedWork.Kind.RANK)
    return bool(ended)
