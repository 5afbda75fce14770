"""New project forms: an empty project's settings, a file of another tool, and what to change of it."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.exchange.project_summaries import ProjectSummary
from labeling.formats.names import NameProblem, checked_names
from labeling.guidelines.models import MAX_CLASSES
from labeling.projects.models import Project


class ProjectFileForm(forms.Form):
    """The export of another tool."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=500,
        help_text=gettext_lazy(
            "The export of another tool, with its classes and labels; or a table or text file, whose columns "
            "you map later. You check what it holds before anything is created."
        ),
    )


class NewProject(forms.Form):
    """All that a project needs to begin. Kind and test share are asked once: answers depend on them."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    kind = forms.ChoiceField(
        choices=Project.Kind,
        initial=Project.Kind.SINGLE,
        widget=forms.RadioSelect,
        label=gettext_lazy("Task type"),
        help_text=gettext_lazy(
            "Cannot be changed later, because existing labels would not fit the new type."
        ),
    )
    class_names = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=MAX_CLASSES * 101,
        label=gettext_lazy("Classes, one per line"),
        help_text=gettext_lazy(
            "Each class gets a key and a color. You can change both, and add classes, at any time."
        ),
    )
    overlap = forms.IntegerField(
        min_value=1,
        max_value=32,
        initial=1,
        label=gettext_lazy("Annotators per document (overlap)"),
        help_text=gettext_lazy(
            "With two or more, the majority label becomes the final label. Without a majority, an "
            "adjudicator decides."
        ),
    )
    test_percent = forms.IntegerField(
        min_value=0,
        max_value=90,
        initial=10,
        label=gettext_lazy("Test set (% of documents)"),
        help_text=gettext_lazy(
            "Drawn at random and never used for training, so the evaluation is unbiased. 10 suits "
            "most projects. Cannot be changed later."
        ),
    )
    description = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=gettext_lazy("Description"),
        help_text=gettext_lazy("What the labels are for. Visible to your team."),
    )
    lease_minutes = forms.IntegerField(
        min_value=1,
        max_value=1440,
        initial=15,
        label=gettext_lazy("Lock time per document (minutes)"),
        help_text=gettext_lazy(
            "After this time, others can get the document. A late annotation is still saved."
        ),
    )
    allows_overlapping_spans = forms.BooleanField(
        required=False,
        label=gettext_lazy("Spans may overlap"),
        help_text=gettext_lazy("For span labeling only."),
    )
    creation_key = forms.UUIDField(widget=forms.HiddenInput)
    file = forms.CharField(required=False, widget=forms.HiddenInput)  # a reference to the one imported next

    MORE: tuple[str, ...] = ("description", "lease_minutes", "allows_overlapping_spans")

    @classmethod
    def with_new_key(cls, sent: QueryDict) -> NewProject:
        """The same form, checked, as one that was not sent yet."""
        again = sent.copy()
        again["creation_key"] = str(uuid.uuid4())
        form = cls(again)
        form.full_clean()
        return form

    def clean_class_names(self) -> list[str]:
        lines = self.cleaned_data["class_names"].splitlines()
        try:
            names = checked_names(line for line in lines if line.strip())
        except NameProblem as problem:
            raise forms.ValidationError(_(problem.message) % problem.values) from problem
        if twice := next((name for index, name in enumerate(names) if name in names[:index]), None):
            raise forms.ValidationError(_("“{name}” is listed twice. Remove one.").format(name=twice))
        if too_long := next((name for name in names if len(name) > 100), None):
            raise forms.ValidationError(
                _("“{name}…” is longer than 100 characters. Shorten it.").format(name=too_long[:40])
            )
        if not 1 <= len(names) <= MAX_CLASSES:
            raise forms.ValidationError(_("Enter 1 to {most} classes.").format(most=MAX_CLASSES))
        return names

    def values(self) -> dict[str, Any]:
        """What `new_projects.create_once` takes."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "file"}
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


class ProjectFromFile(NewProject):
    """What a file does not say of its project, and what may be changed of what it says."""

    MORE = ("overlap", "test_percent", "description", "lease_minutes")

    def __init__(self, summary: ProjectSummary, name: str, data: Any = None) -> None:
        outline = summary.outline
        super().__init__(data, initial={"name": name[:100], "description": outline.description[:2000]})
        unasked = ["allows_overlapping_spans", "creation_key", "file"]
        unasked += ["kind"] * bool(outline.kind) + ["class_names"] * bool(outline.classes)
        for field in unasked:
            del self.fields[field]
