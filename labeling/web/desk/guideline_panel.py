"""Guideline panel: what stands beside the text. The rules of the classes, what changed, what was read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from labeling.desk.context import desk_context
from labeling.guidelines import versions
from labeling.projects.models import Membership
from labeling.web.access import for_members, person


@require_safe
@for_members
def rules(request: HttpRequest, member: Membership) -> HttpResponse:
    """The rules as they are now, for a page that was opened under an older version."""
    return _beside(request, member)


@require_POST
@for_members
def read(request: HttpRequest, member: Membership) -> HttpResponse:
    """ "Mark as read": up to this version, nothing counts as changed any more."""
    number = request.POST.get("number", "")
    versions.mark_read(member, int(number) if number.isdecimal() and len(number) < 10 else 0)
    if request.headers.get("X-Desk") == "part":
        return _beside(request, member)
    return redirect("labeling:label", member.project_id)


def _beside(request: HttpRequest, member: Membership) -> HttpResponse:
    facts = desk_context(member.project_id, person(request).pk)
    return render(request, "labeling/_desk_rules.html", {"member": member, "facts": facts})
