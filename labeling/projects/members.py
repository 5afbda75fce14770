"""Project membership: how a project comes to be, and who belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from labeling.db.clock import Now
from labeling.exceptions import InvalidInput, LastManager, NotAllowed, NotAMember
from labeling.projects.models import Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import Model


def member_of(project_id: int, user: User) -> Membership:
    """The person's membership, with its project. Raises NotAMember, as for a project that does not exist."""
    member = (
        Membership.objects.select_related("project")
        .filter(project=project_id, user=user, removed_at=None, project__archived_at=None)
        .order_by()
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
def add_member(project_id: int, manager: User, user: User, role: str) -> Membership:
    """Let somebody in, or give a member another role. Raises NotAllowed, LastManager, InvalidInput."""
    manager_of(project_id, manager)
    if role not in Membership.Role.values:
        raise InvalidInput(
            _("Choose one of these roles: {roles}.").format(roles=", ".join(Membership.Role.values))
        )
    if role != Membership.Role.MANAGER:
        _keep_a_manager(project_id, besides=user)
    member, _is_new = Membership.objects.update_or_create(
        project_id=project_id, user=user, defaults={"role": role, "removed_at": None}
    )
    return member


@transaction.atomic
def remove_member(project_id: int, manager: User, user: User) -> None:
    """End a membership. What the person said stays; what they hold goes back when its time ends."""
    manager_of(project_id, manager)
    _keep_a_manager(project_id, besides=user)
    Membership.objects.filter(project=project_id, user=user, removed_at=None).update(removed_at=Now())


def check_storable(row: Model, *, is_unique: bool = False) -> None:
    """Raise ValidationError by field for what the database would refuse, or silently take too much of.

    The model's own validation passes over two things: the character NUL, and the length of a long text.
    `is_unique` says that the caller knows it and made the rows it points to; that spares their statements.
    """
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if isinstance(value, str) and "\0" in value:
            raise ValidationError({field.name: [_("Null characters are not allowed.")]})
        if isinstance(value, str) and field.max_length and len(value) > field.max_length:
            limit = _("Use at most {most} characters.").format(most=field.max_length)
            raise ValidationError({field.name: [limit]})
    fields = [field.name for field in row._meta.concrete_fields if field.is_relation and is_unique]
    row.full_clean(exclude=fields, validate_unique=not is_unique, validate_constraints=not is_unique)


def _keep_a_manager(project_id: int, besides: User) -> None:
    managers = Membership.objects.select_for_update(no_key=True).filter(
        project=project_id, role=Membership.Role.MANAGER, removed_at=None
    )
    if not [member for member in managers if member.user_id != besides.pk]:
        raise LastManager
