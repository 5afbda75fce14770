"""Permissions: may this person, with this token, do that? What they may not see does not exist for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.utils.translation import gettext_noop
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission

from labeling.exceptions import NotAllowed, NotAMember
from labeling.projects.members import member_of
from labeling.projects.models import ApiToken, Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request

SCOPES = list(ApiToken.Scope)  # each holds the ones before it
ROLES = list(Membership.Role)  # likewise


class NotInScope(NotAllowed):
    """This token's scope does not allow this; use one with a wider scope, or sign in."""

    summary = gettext_noop("This token's scope does not allow this; use one with a wider scope, or sign in.")


@dataclass(frozen=True)
class Requirement:
    """What an operation asks of its caller, and what it costs of the caller's budget (see throttles)."""

    scope: ApiToken.Scope
    role: Membership.Role = Membership.Role.ANNOTATOR
    cost: int = 1  # a cheap request is 1


READ = Requirement(ApiToken.Scope.READ)
REVIEW = Requirement(ApiToken.Scope.READ, Membership.Role.ADJUDICATOR)
MANAGERS_READ = Requirement(ApiToken.Scope.READ, Membership.Role.MANAGER)
ANNOTATE = Requirement(ApiToken.Scope.ANNOTATE)
ANNOTATE_BATCH = Requirement(ApiToken.Scope.ANNOTATE, cost=10)
ADJUDICATE = Requirement(ApiToken.Scope.ANNOTATE, Membership.Role.ADJUDICATOR)
MANAGE = Requirement(ApiToken.Scope.MANAGE, Membership.Role.MANAGER, cost=10)
MANAGE_HEAVY = Requirement(ApiToken.Scope.MANAGE, Membership.Role.MANAGER, cost=100)  # touches many documents


class Guarded(Protocol):
    """What an address says about itself; see endpoints.Endpoint."""

    needs: Mapping[str, Requirement]
    kwargs: Mapping[str, Any]
    member: Membership


def need_of(request: Request, view: Guarded) -> Requirement:
    """What the view asks of callers with this method. Raises MethodNotAllowed where it names nothing."""
    need = view.needs.get("GET" if request.method == "HEAD" else str(request.method))
    if need is None:
        raise MethodNotAllowed(str(request.method))
    return need


class MayEnter(BasePermission):
    """The token's project and scope, then membership and role: the view's `needs` for the method."""

    def has_permission(self, request: Request, view: Guarded) -> bool:  # type: ignore[override]
        need = need_of(request, view)
        token = request.auth if isinstance(request.auth, ApiToken) else None
        project_id = view.kwargs.get("project_id")
        if project_id is not None:
            if token is not None and token.project_id != project_id:
                raise NotAMember
            view.member = member_of(project_id, cast("User", request.user))
        if token is not None and (
            SCOPES.index(ApiToken.Scope(token.scope)) < SCOPES.index(need.scope)
            or (project_id is None and need.scope != ApiToken.Scope.READ)  # a token ends at its project
        ):
            raise NotInScope
        if project_id is not None and ROLES.index(Membership.Role(view.member.role)) < ROLES.index(need.role):
            raise NotAllowed
        return True
