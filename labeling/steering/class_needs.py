"""Class needs: how much of the queue each class gets. Reports write, managers overrule, ranking reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from labeling.db.clock import Now
from labeling.exceptions import InvalidInput, UnknownClass
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.jobs.outbox import enqueue
from labeling.learning.query_strategies.mix import MAX_NEEDS_SHARE
from labeling.projects.members import manager_of
from labeling.projects.models import Project
from labeling.steering.models import ClassNeed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MIN_CHANGE = 0.01  # of the head: for less the queue is not ranked again
MIN_TARGET, MAX_TARGET = 0.1, 1.0  # F1

Measured = tuple[float, Mapping[str, Any]]  # share of the head, and the numbers behind it


@transaction.atomic
def set_mode(
    project_id: int, manager: User, class_id: UUID, mode: str, share: float | None = None
) -> ClassNeed:
    """Let reports set the share of a class, set it by hand, or give it none.

    share : of the head, 0 to MAX_NEEDS_SHARE; for `by_hand` only
    The queue is ranked again within seconds. Raises NotAllowed, UnknownClass, InvalidInput.
    """
    manager_of(project_id, manager)
    if mode not in ClassNeed.Mode.values:
        raise InvalidInput(_("Choose one of {modes}.").format(modes=", ".join(ClassNeed.Mode.values)))
    if (mode == ClassNeed.Mode.BY_HAND) != (share is not None):
        raise InvalidInput(_("Set a share only in manual mode."))
    if share is not None and not 0 <= share <= MAX_NEEDS_SHARE:
        raise InvalidInput(
            _("Enter 0% to {most}% of the queue for a class.").format(most=round(100 * MAX_NEEDS_SHARE))
        )
    Project.objects.select_for_update(no_key=True).get(pk=project_id)  # managers and reports take turns
    if not LabelClass.objects.active().filter(project=project_id, pk=class_id).exists():
        raise UnknownClass
    need, _is_new = ClassNeed.objects.update_or_create(
        project_id=project_id,
        label_class_id=class_id,
        defaults={"mode": mode, "share": share, "evidence": {}, "changed_by": manager, "written_at": Now()},
    )
    enqueue(project_id, Job.Kind.RANK)
    return need


@transaction.atomic
def write_measured(project_id: int, measured: Mapping[UUID, Measured]) -> bool:
    """Write what a report found; classes that a manager has set stay as they are.

    A share moves only by `MIN_CHANGE` and more: then the queue is ranked again within seconds. Returns
    whether one moved. Nothing is written where the project is not steered.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    if not project.is_steered:
        return False
    existing = {need.label_class_id: need for need in ClassNeed.objects.filter(project=project)}
    has_moved = False
    for class_id, (share, evidence) in measured.items():
        need = existing.get(class_id) or ClassNeed(project=project, label_class_id=class_id)
        if need.mode != ClassNeed.Mode.AUTOMATIC:
            continue
        if need.share is None or abs(need.share - share) >= MIN_CHANGE or (share == 0 < need.share):
            need.share, has_moved = share, True
        elif need.evidence == evidence:
            continue
        need.evidence, need.written_at = dict(evidence), Now()
        need.save()
    if has_moved:
        enqueue(project_id, Job.Kind.RANK)
    return has_moved


@transaction.atomic
def steer(
    project_id: int, manager: User, is_steered: bool | None = None, target_f1: float | None = None
) -> Project:
    """Switch the steering by reports on or off, or move its target. What is not given stays.

    Off, the queue falls back to the engine's own estimate; the needs are kept for when it goes on again.
    The queue is ranked again within seconds. Raises NotAllowed, InvalidInput.
    """
    manager_of(project_id, manager)
    if target_f1 is not None and not MIN_TARGET <= target_f1 <= MAX_TARGET:
        raise InvalidInput(
            _("Enter a target F1 from {least} to {most}.").format(least=MIN_TARGET, most=MAX_TARGET)
        )
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    project.is_steered = project.is_steered if is_steered is None else is_steered
    project.target_f1 = project.target_f1 if target_f1 is None else target_f1
    project.save(update_fields=["is_steered", "target_f1"])
    enqueue(project_id, Job.Kind.RANK)
    return project
