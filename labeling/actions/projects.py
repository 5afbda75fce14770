"""How does a project come to be, and who belongs to it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction

from labeling.exceptions import InvalidInput, LastManager, NotAllowed, NotAMember
from labeling.models import PALETTE, Guideline, LabelClass, Membership, Now, Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_CLASSES = 500
KEYS = "1234567890qwertyuiopasdfghjklzxcvbnm"
RESERVED_KEYS = "sdunf"  # skip, not now, undo, note, ask: the desk's own


def member_of(project_id: int, user: User) -> Membership:
    """The person's membership, with its project. Raises NotAMember, as for a project that does not exist."""
    member = (
        Membership.objects.select_related("project")
        .filter(project=project_id, user=user, removed_at=None, project__archived_at=None)
        .first()
    )
    if member is None:
        raise NotAMember
    return member


def manager_of(project_id: int, user: User) -> Membership:
    """The manager's membership. Raises NotAMember or NotAllowed."""
    member = member_of(project_id, user)
    if not member.may_manage:
        raise NotAllowed
    return member


@transaction.atomic
def create(creator: User, *, name: str, kind: str, class_names: Sequence[str], **policy: Any) -> Project:
    """A new project with its classes, an empty first guideline, and its creator as manager.

    Classes get keys without clashes and colours that can be told apart. Raises InvalidInput.
    """
    names = [" ".join(given.split()) for given in class_names if given.strip()]
    if len(names) != len(set(names)) or not 1 <= len(names) <= MOST_CLASSES:
        raise InvalidInput(f"Give between 1 and {MOST_CLASSES} classes, each with a name of its own.")
    project = Project(name=name, kind=kind, **policy)
    project.full_clean()
    project.save()
    Membership.objects.create(project=project, user=creator, role=Membership.Role.MANAGER)
    LabelClass.objects.bulk_create(
        LabelClass(project=project, name=given, key=key, colour=PALETTE[place % len(PALETTE)], position=place)
        for place, (given, key) in enumerate(zip(names, _keys(len(names)), strict=True))
    )
    Guideline.objects.create(project=project, number=1, change=Guideline.Change.FIRST, author=creator)
    return project


@transaction.atomic
def add_member(project_id: int, manager: User, user: User, role: str) -> Membership:
    """Let somebody in, or give a member another role. Raises NotAllowed, LastManager, InvalidInput."""
    manager_of(project_id, manager)
    if role not in Membership.Role.values:
        raise InvalidInput(f"A role is one of {', '.join(Membership.Role.values)}.")
    if role != Membership.Role.MANAGER:
        _keep_a_manager(project_id, besides=user)
    member, _ = Membership.objects.update_or_create(
        project_id=project_id, user=user, defaults={"role": role, "removed_at": None}
    )
    return member


@transaction.atomic
def remove_member(project_id: int, manager: User, user: User) -> None:
    """End a membership. What the person said stays; what they hold goes back when its time ends."""
    manager_of(project_id, manager)
    _keep_a_manager(project_id, besides=user)
    Membership.objects.filter(project=project_id, user=user, removed_at=None).update(removed_at=Now())


def _keep_a_manager(project_id: int, besides: User) -> None:
    managers = Membership.objects.select_for_update(no_key=True).filter(
        project=project_id, role=Membership.Role.MANAGER, removed_at=None
    )
    if not [member for member in managers if member.user_id != besides.pk]:
        raise LastManager


def _keys(count: int) -> list[str]:
    """One key a class as far as keys go; the rest are found by typing."""
    free = [key for key in KEYS if key not in RESERVED_KEYS]
    return free[:count] + [""] * (count - len(free))
