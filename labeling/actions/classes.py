"""How does the set of classes change without an answer being rewritten?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from labeling.actions.projects import manager_of
from labeling.exceptions import InvalidInput, NotFound
from labeling.models import PALETTE, LabelClass, Now, Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def add(project_id: int, manager: User, name: str, key: str = "", colour: str = "") -> LabelClass:
    """Another class, last in the list. Raises NotAllowed, ValidationError for a name or key in use."""
    manager_of(project_id, manager)
    Project.objects.select_for_update(no_key=True).get(pk=project_id)  # two new classes take turns
    place = LabelClass.objects.filter(project=project_id).count()
    label_class = LabelClass(
        project_id=project_id,
        name=" ".join(name.split()),
        key=key,
        colour=colour or PALETTE[place % len(PALETTE)],
        position=place,
    )
    label_class.full_clean()
    label_class.save()
    return label_class


@transaction.atomic
def change(project_id: int, manager: User, class_id: UUID, **changes: Any) -> LabelClass:
    """Rename a class or give it another key, colour or place; its identity and its labels stay."""
    manager_of(project_id, manager)
    if unknown := set(changes) - {"name", "key", "colour", "position"}:
        raise InvalidInput(f"These cannot be changed: {', '.join(sorted(unknown))}.")
    label_class = _class_of(project_id, class_id)
    for field, value in changes.items():
        setattr(label_class, field, value)
    label_class.full_clean()
    label_class.save(update_fields=list(changes))
    return label_class


@transaction.atomic
def retire(project_id: int, manager: User, class_id: UUID) -> None:
    """No longer offer a class. Labels given so far stay. Raises InvalidInput for the last active class."""
    manager_of(project_id, manager)
    label_class = _class_of(project_id, class_id)
    if not LabelClass.objects.active().filter(project=project_id).exclude(pk=label_class.pk).exists():
        raise InvalidInput("A project needs at least one class that can be chosen.")
    LabelClass.objects.filter(pk=label_class.pk, retired_at=None).update(retired_at=Now())


@transaction.atomic
def restore(project_id: int, manager: User, class_id: UUID) -> LabelClass:
    """Offer a retired class again, without its key where another class has taken it."""
    manager_of(project_id, manager)
    label_class = _class_of(project_id, class_id)
    if LabelClass.objects.active().filter(project=project_id, key=label_class.key).exists():
        label_class.key = ""
    label_class.retired_at = None
    label_class.save(update_fields=["key", "retired_at"])
    return label_class


def _class_of(project_id: int, class_id: UUID) -> LabelClass:
    label_class = LabelClass.objects.select_for_update().filter(project=project_id, pk=class_id).first()
    if label_class is None:
        raise NotFound
    return label_class
