"""Label class form: classes named, keyed and colored on the page, all of them in one table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.exceptions import LabelingError
from labeling.formats.names import normal_name
from labeling.models import PALETTE, LabelClass, Project
from labeling.models.keys import KEYS, action_keys, class_keys

COLOUR_NAMES = (
    gettext_lazy("Blue"), gettext_lazy("Orange"), gettext_lazy("Green"), gettext_lazy("Pink"),
    gettext_lazy("Sky"), gettext_lazy("Vermilion"), gettext_lazy("Olive"), gettext_lazy("Violet"),
    gettext_lazy("Navy"), gettext_lazy("Plum"), gettext_lazy("Sage"), gettext_lazy("Clay"),
    gettext_lazy("Slate"), gettext_lazy("Teal"), gettext_lazy("Rose"), gettext_lazy("Moss"),
)  # fmt: skip
COLOURS = tuple(zip(PALETTE, COLOUR_NAMES, strict=True))


class ClassRow(forms.Form):
    """One class in the table of classes."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    key = forms.CharField(
        required=False,
        max_length=1,
        label=gettext_lazy("Key"),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "size": 2}),
    )
    colour = forms.ChoiceField(choices=COLOURS, label=gettext_lazy("Colour"))

    def __init__(self, label_class: LabelClass, kind: str, data: Any = None) -> None:
        self.label_class = label_class
        self.kind = kind
        initial = {"name": label_class.name, "key": label_class.key, "colour": label_class.colour}
        super().__init__(data, initial=initial, prefix=label_class.pk.hex)
        if label_class.colour not in PALETTE:
            choices = [*COLOURS, (label_class.colour, label_class.colour)]
            self.fields["colour"] = forms.ChoiceField(choices=choices, label=_("Colour"))
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{field.label}: {label_class.name}"
            field.widget.attrs["id"] = f"{name}-{label_class.pk.hex}"

    def clean_name(self) -> str:
        return normal_name(self.cleaned_data["name"])

    def clean_key(self) -> str:
        key = self.cleaned_data["key"].lower()
        return key if key == self.label_class.key else checked_key(key, self.kind)


class ClassTable:
    """All active classes, changed together: two of them may swap their keys."""

    def __init__(self, classes: Iterable[LabelClass], kind: str, data: Any = None) -> None:
        self.rows = [ClassRow(label_class, kind, data) for label_class in classes]
        self.errors: list[str] = []

    def is_valid(self) -> bool:
        are_valid = [row.is_valid() for row in self.rows]
        for name, text in (("name", _("Another class has this name.")), ("key", _("Another class has it."))):
            seen: set[str] = set()
            for row in self.rows:
                value = row.cleaned_data.get(name)
                if value and value in seen:
                    row.add_error(name, text)
                seen.add(value or "")
        return all(are_valid) and not any(row.errors for row in self.rows)

    def refuse(self, error: LabelingError | ValidationError) -> None:
        """Show what the action said above the table: somebody else changed the classes meanwhile."""
        texts = error.messages if isinstance(error, ValidationError) else [error.message]
        self.errors.extend(texts)

    def changes(self) -> dict[UUID, dict[str, str]]:
        """What differs from before, by class."""
        return {
            row.label_class.pk: {name: row.cleaned_data[name] for name in row.changed_data}
            for row in self.rows
            if row.changed_data
        }


class NewClass(forms.Form):
    """One more class."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name of another class"))
    key = forms.CharField(
        required=False,
        max_length=1,
        label=gettext_lazy("Key"),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "size": 2}),
    )

    kind = Project.Kind.SINGLE

    @classmethod
    def after(cls, classes: Iterable[LabelClass], kind: str, data: Any = None) -> NewClass:
        """The form with the first free key in it."""
        taken = {label_class.key for label_class in classes}
        free = next((key for key in class_keys(kind) if key not in taken), "")
        form = cls(data, initial={"key": free}, prefix="new", auto_id="id_%s")
        form.kind = Project.Kind(kind)
        return form

    def clean_key(self) -> str:
        return checked_key(self.cleaned_data["key"], self.kind)


def checked_key(key: str, kind: str) -> str:
    """The key in small letters. Raises ValidationError where the desk of such a project cannot use it."""
    key = key.lower()
    reserved = action_keys(kind).values()
    if key and (key not in KEYS or key in reserved):
        raise forms.ValidationError(
            _("Use a digit or a letter; {reserved} are the desk's own.").format(reserved=", ".join(reserved))
        )
    return key
