"""Keyboard shortcut page: the keys that somebody uses at the desk, for each person and project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from labeling.desk import shortcuts
from labeling.exceptions import InvalidInput
from labeling.guidelines.models import LabelClass
from labeling.guidelines.shortcuts import OFF, action_keys, effective_keys, project_keys
from labeling.projects.models import Membership
from labeling.web.access import for_members, person

ACTION_NAMES = {
    "undo": gettext_lazy("Undo"),
    "skip": gettext_lazy("Skip"),
    "defer": gettext_lazy("Later"),
    "ask": gettext_lazy("Ask"),
    "note": gettext_lazy("Note"),
    "guideline": gettext_lazy("Guideline"),
    "accept": gettext_lazy("Accept the suggested span"),
    "reject": gettext_lazy("Reject the suggested span"),
    "everywhere": gettext_lazy("Label the same text everywhere"),
}


class MyKeys(forms.Form):
    """The keys of one person in one project, all on one page."""

    is_off = forms.BooleanField(
        required=False,
        label=gettext_lazy("Turn off single-key shortcuts"),
        help_text=gettext_lazy(
            "Useful with speech input or to avoid accidental key presses. Buttons still work."
        ),
    )

    def __init__(self, member: Membership, classes: Sequence[LabelClass], data: Any = None) -> None:
        super().__init__(data, initial={"is_off": bool(member.keys.get(OFF))})
        self.classes = classes
        keys = {str(label_class.pk): label_class.key for label_class in classes}
        self.of_project = project_keys(keys, member.project.kind)
        own = {name: key for name, key in member.keys.items() if name != OFF}
        now = effective_keys(keys, member.project.kind, own)
        names: dict[str, Any] = {str(c.pk): c.name for c in classes}
        names |= {action: ACTION_NAMES[action] for action in action_keys(member.project.kind)}
        for name, label in names.items():
            widget = forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "size": 2})
            self.fields[name] = forms.CharField(
                required=False, max_length=1, label=label, initial=now[name], widget=widget
            )

    @property
    def class_fields(self) -> list[tuple[LabelClass, forms.BoundField, str]]:
        """(class, its field, the project's key) of each class."""
        return [(c, self[str(c.pk)], self.of_project[str(c.pk)]) for c in self.classes]

    @property
    def action_fields(self) -> list[tuple[forms.BoundField, str]]:
        """(field, the project's key) of each of the desk's actions."""
        return [(self[name], key) for name, key in self.of_project.items() if name in ACTION_NAMES]

    def wanted(self) -> dict[str, str]:
        """What `keys.choose` takes."""
        return {name: key for name, key in self.cleaned_data.items() if name != "is_off"}


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
    shortcuts.reset(member.project_id, person(request))
    messages.success(request, _("Shortcuts reset to the project keys."))
    return redirect("labeling:my_keys", member.project_id)


def _is_chosen(request: HttpRequest, member: Membership, form: MyKeys) -> bool:
    is_off = form.cleaned_data["is_off"]
    try:
        shortcuts.choose(member.project_id, person(request), form.wanted(), is_off=is_off)
    except InvalidInput as error:
        form.add_error(error.facts["field"], error.detail)
        return False
    if is_off:
        messages.success(request, _("Single-key shortcuts are off for you in this project."))
    else:
        messages.success(request, _("Shortcuts saved."))
    return True
