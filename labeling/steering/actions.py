"""Steering: a manager's focus on a class, or a queue mix of their own. The next ranking acts on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from labeling.annotations.models import Annotation
from labeling.db.clock import Now
from labeling.exceptions import InvalidInput, UnknownClass
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.jobs.outbox import enqueue
from labeling.learning.query_strategies.mix import Mix
from labeling.learning.query_strategies.random_fallback import fallen_back
from labeling.projects.members import manager_of
from labeling.projects.models import Project
from labeling.steering.models import ControlComparison, Focus, QueueMix

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_TARGET_LABELS = 10_000
SEED_SEARCH_THRESHOLD = 5  # of a class: below it its seed words look for documents
MIX_PARTS = ("random", "weak_class", "second_opinion", "seed_words")


@transaction.atomic
def focus_on(
    project_id: int,
    manager: User,
    class_id: UUID,
    wanted_labels: int,
    reason: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> Focus:
    """Ask for `wanted_labels` more labels of a class, instead of what was asked of it before.

    evidence : what the report said of the class, to be held against what it says later
    The queue is ranked again within seconds. Raises NotAllowed, UnknownClass, InvalidInput.
    """
    manager_of(project_id, manager)
    if not 1 <= wanted_labels <= MAX_TARGET_LABELS:
        raise InvalidInput(_("Enter 1 to {most} labels.").format(most=MAX_TARGET_LABELS))
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)  # two wishes take turns
    if project.strategy == Project.Strategy.RANDOM:
        raise InvalidInput(
            _("This project labels documents at random. Choose another strategy to get more of a class.")
        )
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
        evidence=dict(evidence or {}),
        created_by=manager,
    )
    enqueue(project_id, Job.Kind.RANK)
    return focus


@transaction.atomic
def end_focus(project_id: int, manager: User, class_id: UUID) -> bool:
    """Take the wish back; the next ranking forgets it. Returns whether there was one."""
    manager_of(project_id, manager)
    ended = Focus.objects.filter(project=project_id, label_class=class_id, ended_at=None).update(
        ended_at=Now()
    )
    if ended:
        enqueue(project_id, Job.Kind.RANK)
    return bool(ended)


def mix_of(project: Project, n_classes: int) -> Mix:
    """The parts of the head: a manager's, or the default for so many classes."""
    own = QueueMix.objects.filter(project=project).first()
    if own is None:
        return Mix.usual(n_classes)
    parts = (own.random, own.weak_class, own.second_opinion, own.seed_words)
    return Mix(*(part / 100 for part in parts))


def mix_in_use(project: Project, n_classes: int) -> Mix:
    """The same, or more of it at random while the queue proves worse than random sampling."""
    newest = latest_comparison(project) if falls_back(project) else None
    return fallen_back(mix_of(project, n_classes), newest.level if newest else 0)


def falls_back(project: Project) -> bool:
    """Whether the random share may grow by itself: where it is one of several, and no manager forbade it."""
    return project.falls_back and project.strategy == Project.Strategy.DEFAULT


def latest_comparison(project: Project) -> ControlComparison | None:
    """The newest comparison with random sampling that is done."""
    done = ControlComparison.objects.filter(project=project).exclude(finished_at=None)
    return done.defer("annotations", "random_annotations", "test_annotations", "curves").first()


@transaction.atomic
def allow_fallback(project_id: int, manager: User, is_allowed: bool) -> Project:
    """Let the queue fall back towards random sampling by itself, or not.

    The queue is ranked again within seconds. Raises NotAllowed.
    """
    manager_of(project_id, manager)
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    if project.falls_back != is_allowed:
        project.falls_back = is_allowed
        project.save(update_fields=["falls_back"])
        enqueue(project_id, Job.Kind.RANK)
    return project


@transaction.atomic
def change_mix(project_id: int, manager: User, **parts: int) -> QueueMix:
    """Set the parts of the head in percent, by the names in `MIX_PARTS`; doubt gets the rest.

    The queue is ranked again within seconds. Raises NotAllowed, InvalidInput.
    """
    manager_of(project_id, manager)
    if parts.keys() != set(MIX_PARTS) or not all(0 <= part <= 100 for part in parts.values()):
        raise InvalidInput(_("Enter 0 to 100 for each of {names}.").format(names=", ".join(MIX_PARTS)))
    if (total := sum(parts.values())) > 100:
        raise InvalidInput(
            _("The shares add up to {total}%. Lower some of them to at most 100% in total.").format(
                total=total
            )
        )
    mix, _is_new = QueueMix.objects.update_or_create(
        project_id=project_id, defaults={**parts, "changed_by": manager, "changed_at": Now()}
    )
    enqueue(project_id, Job.Kind.RANK)
    return mix


@transaction.atomic
def reset_mix(project_id: int, manager: User) -> bool:
    """Go back to the default mix. Returns whether there was another one."""
    manager_of(project_id, manager)
    deleted, _by_table = QueueMix.objects.filter(project=project_id).delete()
    if deleted:
        enqueue(project_id, Job.Kind.RANK)
    return bool(deleted)
