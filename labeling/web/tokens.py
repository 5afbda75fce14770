"""API token page: which programs may act for somebody in a project."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from labeling.exceptions import LabelingError
from labeling.projects import tokens
from labeling.projects.models import ApiToken, Membership
from labeling.web.access import for_members, person
from labeling.web.components.forms import put_on
from labeling.web.members import NewToken


@require_safe
@for_members
def token_list(request: HttpRequest, member: Membership) -> HttpResponse:
    return _page(request, member, NewToken.of(member))


@require_POST
@for_members
def create(request: HttpRequest, member: Membership) -> HttpResponse:
    """Answers with the page itself: the token's text is in this answer and nowhere else."""
    form = NewToken.of(member, request.POST)
    if form.is_valid():
        days = form.cleaned_data["days"]
        expires_at = timezone.now() + timedelta(days=days) if days else None
        try:
            token, text = tokens.create(
                member.project_id,
                person(request),
                form.cleaned_data["name"],
                form.cleaned_data["scope"],
                expires_at,
                form.cleaned_data["answers"],
            )
            return _page(request, member, NewToken.of(member), token=token, text=text)
        except LabelingError as error:
            put_on(form, error)
    return _page(request, member, form, status=422)


@require_POST
@for_members
def revoke(request: HttpRequest, member: Membership, token_id: int) -> HttpResponse:
    tokens.revoke(member.project_id, person(request), token_id)
    messages.success(request, _("Token revoked."))
    return redirect("labeling:tokens", member.project_id)


def _page(
    request: HttpRequest, member: Membership, form: NewToken, status: int = 200, **context: Any
) -> HttpResponse:
    usable = ApiToken.objects.usable().filter(project=member.project_id).select_related("user")
    if not member.may_manage:
        usable = usable.filter(user=person(request))
    context |= {"member": member, "tokens": usable, "form": form}
    return render(request, "labeling/token_list.html", context, status=status)
