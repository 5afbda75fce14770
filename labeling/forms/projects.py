"""What is asked when a project is made or changed?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.actions.projects import CLASS_KEYS, MOST_CLASSES, RESERVED_KEYS
from labeling.exceptions import LabelingError
from labeling.models import PALETTE, LabelClass, Project

COLOUR_NAMES = (
    gettext_lazy("Blue"), gettext_lazy("Orange"), gettext_lazy("Green"), gettext_lazy("Pink"),
    gettext_lazy("Sky"), gettext_lazy("Vermilion"), gettext_lazy("Olive"), gettext_lazy("Violet"),
    gettext_lazy("Navy"), gettext_lazy("Plum"), gettext_lazy("Sage"), gettext_lazy("Clay"),
    gettext_lazy("Slate"), gettext_lazy("Teal"), gettext_lazy("Rose"), gettext_lazy("Moss"),
)  # fmt: skip
COLOURS = tuple(zip(PALETTE, COLOUR_NAMES, strict=True))


class NewProject(forms.Form):
    """All that a project needs to begin. Kind and test share are asked once: answers depend on them."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    kind = forms.ChoiceField(
        choices=Project.Kind,
        initial=Project.Kind.SINGLE,
        widget=forms.RadioSelect,
        label=gettext_lazy("What is an answer?"),
        help_text=gettext_lazy(
            "This cannot be changed later: answers of one kind are no answers of another."
        ),
    )
    class_names = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=MOST_CLASSES * 101,
        label=gettext_lazy("Classes, one a line"),
        help_text=gettext_lazy(
            "Each gets a key and a colour of its own; you can change both, and add classes, at any time."
        ),
    )
    overlap = forms.IntegerField(
        min_value=1,
        max_value=32,
        initial=1,
        label=gettext_lazy("People for each document"),
        help_text=gettext_lazy("With two or more you see how far they agree; disputes go to an adjudicator."),
    )
    test_percent = forms.IntegerField(
        min_value=0,
        max_value=90,
        initial=10,
        label=gettext_lazy("Test set, per cent of all documents"),
        help_text=gettext_lazy(
            "Drawn at random and labelled like the others, but never learnt from: only so can the model be "
            "measured honestly. Ten per cent suits most projects. This cannot be changed later."
        ),
    )
    description = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=gettext_lazy("Description"),
        help_text=gettext_lazy("For the team: what the labels are for."),
    )
    lease_minutes = forms.IntegerField(
        min_value=1,
        max_value=1440,
        initial=15,
        label=gettext_lazy("Minutes for one document"),
        help_text=gettext_lazy("Whoever takes longer loses the document to the next person, not the answer."),
    )
    allows_overlapping_spans = forms.BooleanField(
        required=False, label=gettext_lazy("Spans may overlap"), help_text=gettext_lazy("Only for spans.")
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput)

    MORE = ("description", "lease_minutes", "allows_overlapping_spans")

    def clean_class_names(self) -> list[str]:
        names = [" ".join(line.split()) for line in self.cleaned_data["class_names"].splitlines()]
        names = [name for name in names if name]
        if twice := next((name for place, name in enumerate(names) if name in names[:place]), None):
            raise forms.ValidationError(_("“{name}” stands there twice.").format(name=twice))
        if too_long := next((name for name in names if len(name) > 100), None):
            raise forms.ValidationError(
                _("“{name}…” is longer than 100 characters.").format(name=too_long[:40])
            )
        if not 1 <= len(names) <= MOST_CLASSES:
            raise forms.ValidationError(_("Give between 1 and {most} classes.").format(most=MOST_CLASSES))
        return names

    def values(self) -> dict[str, Any]:
        """What `projects.create` takes."""
        values = dict(self.cleaned_data)
        values["test_share"] = values.pop("test_percent") / 100
        return values

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name not in self.MORE]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MORE]

    @property
    def has_errors_in_more(self) -> bool:
        return any(name in self.errors for name in self.MORE)


class Policy(forms.Form):
    """What a manager may change while people are labeling."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    description = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=gettext_lazy("Description"),
    )
    overlap = forms.IntegerField(
        min_value=1,
        max_value=32,
        label=gettext_lazy("People for each document"),
        help_text=gettext_lazy(
            "More opens settled documents again; fewer settles those that have enough answers."
        ),
    )
    strategy = forms.ChoiceField(
        choices=Project.Strategy,
        label=gettext_lazy("What to label next"),
        help_text=gettext_lazy("The next ranking follows it. The mix suits almost every project."),
    )
    suggestion_policy = forms.ChoiceField(
        choices=Project.SuggestionPolicy,
        label=gettext_lazy("The model's suggestion"),
        help_text=gettext_lazy("A suggestion saves time, and pulls annotators towards the model's mistakes."),
    )
    lease_minutes = forms.IntegerField(
        min_value=1, max_value=1440, label=gettext_lazy("Minutes for one document")
    )
    allows_overlapping_spans = forms.BooleanField(required=False, label=gettext_lazy("Spans may overlap"))

    @classmethod
    def of(cls, project: Project, data: Any = None) -> Policy:
        """The form with the project's present policy; only a spans project is asked about spans."""
        form = cls(data, initial={name: getattr(project, name) for name in cls.base_fields})
        if project.kind != Project.Kind.SPANS:
            del form.fields["allows_overlapping_spans"]
        return form

    def changes(self) -> dict[str, Any]:
        """What differs from before."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


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

    def __init__(self, label_class: LabelClass, data: Any = None) -> None:
        self.label_class = label_class
        initial = {"name": label_class.name, "key": label_class.key, "colour": label_class.colour}
        super().__init__(data, initial=initial, prefix=label_class.pk.hex)
        if label_class.colour not in PALETTE:
            choices = [*COLOURS, (label_class.colour, label_class.colour)]
            self.fields["colour"] = forms.ChoiceField(choices=choices, label=_("Colour"))
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{field.label}: {label_class.name}"
            field.widget.attrs["id"] = f"{name}-{label_class.pk.hex}"

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_key(self) -> str:
        return checked_key(self.cleaned_data["key"])


class ClassTable:
    """All active classes, changed together: two of them may swap their keys."""

    def __init__(self, classes: Iterable[LabelClass], data: Any = None) -> None:
        self.rows = [ClassRow(label_class, data) for label_class in classes]
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

    @classmethod
    def after(cls, classes: Iterable[LabelClass], data: Any = None) -> NewClass:
        """The form with the first free key in it."""
        taken = {label_class.key for label_class in classes}
        free = next((key for key in CLASS_KEYS if key not in taken), "")
        return cls(data, initial={"key": free}, prefix="new", auto_id="id_%s")

    def clean_key(self) -> str:
        return checked_key(self.cleaned_data["key"])


def checked_key(key: str) -> str:
    """The key in small letters. Raises ValidationError where the desk cannot use it."""
    key = key.lower()
    if key and key not in CLASS_KEYS:
        reserved = ", ".join(RESERVED_KEYS)
        raise forms.ValidationError(
            _("Use a digit or a letter; {reserved} are the desk's own.").format(reserved=reserved)
        )
    return key
