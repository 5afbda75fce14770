"""Keyboard shortcut form: one character for each class and action, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from labeling.models import LabelClass, Membership
from labeling.models.keys import OFF, action_keys, effective_keys, project_keys

ACTION_NAMES = {
    "undo": gettext_lazy("Undo"),
    "skip": gettext_lazy("Skip"),
    "defer": gettext_lazy("Not now"),
    "ask": gettext_lazy("Ask"),
    "note": gettext_lazy("Note"),
    "guideline": gettext_lazy("Guideline"),
    "accept": gettext_lazy("Accept the suggested span"),
    "reject": gettext_lazy("Reject the suggested span"),
    "everywhere": gettext_lazy("Mark the same words everywhere"),
}


class MyKeys(forms.Form):
    """The keys of one person in one project, all on one page."""

    is_off = forms.BooleanField(
        required=False,
        label=gettext_lazy("Turn single keys off"),
        help_text=gettext_lazy(
            "For speech input, or where keys are pressed by accident. Buttons work as ever."
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
