"""Keyboard shortcut page: the keys that somebody uses at the desk, for each person and project."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from labeling.actions import keys
from labeling.exceptions import InvalidInput
from labeling.forms.keys import MyKeys
from labeling.models import LabelClass, Membership
from labeling.views.access import for_members, person


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def my_keys(request: HttpRequest, member: Membership) -> HttpResponse:
    """GET shows the keys as they are for me; POST stores mine."""
    classes = list(LabelClass.objects.active().filter(project=member.project_id))
    form = MyKeys(member, classes, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _is_chosen(request, member, form):
        return redirect("labeling:my_keys", member.project_id)
    status = 422 if form.errors else 200
    return render(request, "labeling/my_keys.html", {"member": member, "form": form}, status=status)


@require_POST
@for_members
def reset_keys(request: HttpRequest, member: Membership) -> HttpResponse:
    """Back to the project's keys."""
    keys.reset(member.project_id, person(request))
    messages.success(request, _("You use the project's keys again."))
    return redirect("labeling:my_keys", member.project_id)


def _is_chosen(request: HttpRequest, member: Membership, form: MyKeys) -> bool:
    is_off = form.cleaned_data["is_off"]
    try:
        keys.choose(member.project_id, person(request), form.wanted(), is_off=is_off)
    except InvalidInput as error:
        form.add_error(error.facts["place"], error.detail)
        return False
    if is_off:
        messages.success(request, _("Single keys are off for you in this project."))
    else:
        messages.success(request, _("These are your keys from now on."))
    return True
