"""Page access: who may see a page of a project. Members; and some pages only with a role."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from labeling.exceptions import BudgetSpent, LabelingError, NotAllowed, NotFound
from labeling.projects import budgets, members
from labeling.projects.models import Membership

MAX_BIGINT = 2**63 - 1  # as a number of anything: what the database counts with
ProjectView = Callable[..., HttpResponseBase]
MemberView = Callable[Concatenate[HttpRequest, Membership, ...], HttpResponseBase]


def person(request: HttpRequest) -> User:
    """Who is signed in, on pages that only those see."""
    return cast(User, request.user)


def for_people(view: ProjectView) -> ProjectView:
    """For whoever is signed in: the view hands the project's number to an action that asks for a member.

    An error of the domain that the view does not answer itself becomes a page that says it.
    """

    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if any(isinstance(number, int) and number > MAX_BIGINT for number in kwargs.values()):
            return refused(request, NotFound())
        try:
            charge(request, 1)
            return view(request, *args, **kwargs)
        except LabelingError as error:
            return refused(request, error)

    return guarded


def charge(request: HttpRequest, cost: int) -> None:
    """Take what a page costs from the reader's budget; one that is soon made costs 1. Raises BudgetSpent."""
    if not budgets.spend("page", person(request).pk, cost, settings.PAGE_BUDGET_PER_MINUTE):
        raise BudgetSpent


def for_members(view: MemberView) -> ProjectView:
    """Hand the view the reader's membership instead of the project's number. Strangers get "nothing here"."""

    @wraps(view)
    def of_member(request: HttpRequest, project_id: int, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, members.member_of(project_id, person(request)), *args, **kwargs)

    return for_people(of_member)


def for_adjudicators(view: MemberView) -> ProjectView:
    return for_members(_with_role(view, lambda member: member.may_adjudicate))


def for_managers(view: MemberView) -> ProjectView:
    return for_members(_with_role(view, lambda member: member.may_manage))


def refused(request: HttpRequest, error: LabelingError) -> HttpResponse:
    """The page that says why not."""
    if isinstance(error, NotFound):
        return render(request, "404.html", status=404)
    title = (
        _("You do not have permission to do this")
        if isinstance(error, NotAllowed)
        else _("The request failed")
    )
    response = render(
        request, "labeling/error.html", {"title": title, "text": error.message}, status=error.status
    )
    if isinstance(error, BudgetSpent):
        response["Retry-After"] = str(math.ceil(budgets.seconds_to_wait()))
    return response


def another_person(request: HttpRequest, whose: str) -> HttpResponse | None:
    """The answer for a script whose page was made for somebody else, who has signed in here since."""
    if whose in ("", str(person(request).pk)):
        return None
    return JsonResponse({"person": person(request).pk}, status=409)


def _with_role(view: MemberView, has_role: Callable[[Membership], bool]) -> MemberView:
    @wraps(view)
    def checked(request: HttpRequest, member: Membership, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not has_role(member):
            raise NotAllowed
        return view(request, member, *args, **kwargs)

    return checked


def local_next(request: HttpRequest) -> str:
    """The page that the reader asked to go to next, where it is one of this service; else ""."""
    target = request.POST.get("next", request.GET.get("next", ""))
    hosts = {request.get_host()}
    return target if url_has_allowed_host_and_scheme(target, hosts, require_https=request.is_secure()) else ""
