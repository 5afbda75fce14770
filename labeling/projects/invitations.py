"""Invitations: how somebody joins who is not here yet. By a link that is shown once and works once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from labeling.db.clock import Now
from labeling.exceptions import InvalidInput, InvitationUnusable, NotFound
from labeling.projects import accounts
from labeling.projects.members import manager_of
from labeling.projects.models import Invitation, Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

DAYS = (1, 7, 30)  # how long a link may live


@transaction.atomic
def invite(project_id: int, manager: User, role: str, days: int = 7) -> tuple[Invitation, str]:
    """A new invitation, and its secret, which nobody can read again. Raises NotAllowed, InvalidInput."""
    manager_of(project_id, manager)
    if role not in Membership.Role.values:
        raise InvalidInput(
            _("Choose one of these roles: {roles}.").format(roles=", ".join(Membership.Role.values))
        )
    if days not in DAYS:
        raise InvalidInput(_("Choose 1, 7 or 30 days for an invitation."))
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        project_id=project_id,
        role=role,
        digest=Invitation.digest_of(secret),
        created_by=manager,
        expires_at=Now() + timedelta(days=days),
    )
    return invitation, secret


def invitation_of(secret: str) -> Invitation:
    """The usable invitation with this secret, with its project. Raises InvitationUnusable for any other."""
    invitation = _with(secret, Invitation.objects.usable().select_related("project", "created_by"))
    if invitation is None:
        raise InvitationUnusable
    return invitation


def membership_by(secret: str, user: User) -> Membership | None:
    """The person's membership of the project that the link leads to, used up or not; None for others."""
    digest = Invitation.digest_of(secret)
    memberships = Membership.objects.filter(project__invitations__digest=digest, user=user, removed_at=None)
    return memberships.filter(project__archived_at=None).select_related("project").first()


@transaction.atomic
def redeem(secret: str, user: User) -> Membership:
    """Let the person in, and use the invitation up. A member keeps the role they have, and the link stays.

    The same person may ask twice. Raises InvitationUnusable.
    """
    # Two people may open one link together: the row lock makes them take turns.
    locked = _with(secret, Invitation.objects.select_for_update(no_key=True))
    if locked is None:
        raise InvitationUnusable
    member = Membership.objects.filter(project=locked.project_id, user=user, removed_at=None).first()
    if member is not None:
        return member
    if not Invitation.objects.usable().filter(pk=locked.pk).exists():
        raise InvitationUnusable
    member, _is_new = Membership.objects.update_or_create(
        project_id=locked.project_id, user=user, defaults={"role": locked.role, "removed_at": None}
    )
    Invitation.objects.filter(pk=locked.pk).update(redeemed_at=Now(), redeemed_by=user)
    return member


@transaction.atomic
def sign_up(secret: str, username: str, password: str) -> Membership:
    """Make an account for the person with the link and let them in; without a usable link, neither.

    Raises InvitationUnusable, and ValidationError for a weak password and for a name that is taken, looks
    like somebody's or speaks for the service.
    """
    invitation_of(secret)
    if accounts.is_reserved(username):
        raise ValidationError({"username": [_("This username is reserved. Choose another one.")]})
    return redeem(secret, accounts.create(username, password))


@transaction.atomic
def revoke(project_id: int, manager: User, invitation_id: int) -> None:
    """Make an unused link useless. Raises NotAllowed, NotFound."""
    manager_of(project_id, manager)
    invitations = Invitation.objects.filter(project=project_id, pk=invitation_id, redeemed_at=None)
    if not invitations.update(revoked_at=Coalesce("revoked_at", Now())):
        raise NotFound


def _with(secret: str, invitations: QuerySet[Invitation]) -> Invitation | None:
    return invitations.filter(digest=Invitation.digest_of(secret)).first()
