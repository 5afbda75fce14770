"""API tokens: how a machine gets in. By a token that is shown once and stored as its digest."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from labeling.db.clock import Now
from labeling.exceptions import InvalidInput, NotAllowed, NotFound
from labeling.projects.members import member_of
from labeling.projects.models import ApiToken

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

USE_MARKED_EVERY = timedelta(minutes=1)  # a write for each request would make them wait for each other


@transaction.atomic
def create(
    project_id: int,
    owner: User,
    name: str,
    scope: str,
    expires_at: datetime | None = None,
    answers: str = ApiToken.Answers.PERSON,
) -> tuple[ApiToken, str]:
    """A new token of one member for one project, and its text, which nobody can read again.

    answers : whose answers it brings; those of a machine never measure a model or an annotator

    Raises NotAMember, InvalidInput, and NotAllowed for a scope that the owner's role does not have.
    """
    member = member_of(project_id, owner)
    name = " ".join(name.split())
    if answers not in ApiToken.Answers.values:
        raise InvalidInput(_("Choose who makes the annotations: a person or a machine."))
    if scope not in ApiToken.Scope.values or not name or len(name) > 100 or "\0" in name:
        raise InvalidInput(_("Enter a name of at most 100 characters and choose a scope."))
    if scope == ApiToken.Scope.MANAGE and not member.may_manage:
        raise NotAllowed
    text = f"rq_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        project_id=project_id,
        user=owner,
        name=name,
        scope=scope,
        answers=answers,
        prefix=text[:9],
        digest=ApiToken.digest_of(text),
        expires_at=expires_at,
    )
    return token, text


def owner_of(text: str) -> ApiToken | None:
    """The usable token with this text, with its person; None for any other text."""
    is_mark_old = Q(last_used_at=None) | Q(last_used_at__lt=Now() - USE_MARKED_EVERY)
    usable = ApiToken.objects.usable().select_related("user").annotate(is_mark_old=is_mark_old)
    token = usable.filter(digest=ApiToken.digest_of(text)).first()
    if token is not None and token.is_mark_old:
        ApiToken.objects.filter(is_mark_old, pk=token.pk).update(last_used_at=Now())
    return token


def usable_of(owner: User) -> QuerySet[ApiToken]:
    """The person's tokens that work now, in all projects."""
    return ApiToken.objects.usable().filter(user=owner)


def revoke_all_of(owner: User) -> None:
    """End every token of this person at once."""
    ApiToken.objects.filter(pk__in=usable_of(owner).values("pk")).update(revoked_at=Now())


@transaction.atomic
def revoke(project_id: int, user: User, token_id: int) -> None:
    """End a token at once: one's own, or as a manager anybody's in the project. Raises NotFound.

    Revoking it again changes nothing: the first time counts.
    """
    member = member_of(project_id, user)
    tokens = ApiToken.objects.filter(project=project_id, pk=token_id)
    if not member.may_manage:
        tokens = tokens.filter(user=user)
    if not tokens.update(revoked_at=Coalesce("revoked_at", Now())):
        raise NotFound
