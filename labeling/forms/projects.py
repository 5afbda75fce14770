"""Project forms: what is asked when a project is made or changed."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.actions.metadata_fields import fields_of
from labeling.formats.names import NameProblem, checked_names
from labeling.models import Project
from labeling.models.classes import MAX_CLASSES
from labeling.models.described import ALL_FIELDS


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
        max_length=MAX_CLASSES * 101,
        label=gettext_lazy("Classes, one a line"),
        help_text=gettext_lazy(
            "Each gets a key and a colour of its own, which the next page shows. You can change both, and "
            "add classes, at any time."
        ),
    )
    overlap = forms.IntegerField(
        min_value=1,
        max_value=32,
        initial=1,
        label=gettext_lazy("People for each document"),
        help_text=gettext_lazy(
            "With two or more, a document is settled when most of them agree; if not, an adjudicator decides."
        ),
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
        if twice := next((name for place, name in enumerate(names) if name in names[:place]), None):
            raise forms.ValidationError(_("“{name}” stands there twice.").format(name=twice))
        if too_long := next((name for name in names if len(name) > 100), None):
            raise forms.ValidationError(
                _("“{name}…” is longer than 100 characters.").format(name=too_long[:40])
            )
        if not 1 <= len(names) <= MAX_CLASSES:
            raise forms.ValidationError(_("Give between 1 and {most} classes.").format(most=MAX_CLASSES))
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
            "Applies to documents that are not settled yet. Before settled documents change, you are asked."
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
        help_text=gettext_lazy(
            "A suggestion saves time, and pulls annotators towards the model's mistakes. What each was shown "
            "is stored with the answer. Documents that measure the model or people never come with one."
        ),
    )
    lease_minutes = forms.IntegerField(
        min_value=1, max_value=1440, label=gettext_lazy("Minutes for one document")
    )
    confirms_choice = forms.BooleanField(
        required=False,
        label=gettext_lazy("Choose first, then save with Enter"),
        help_text=gettext_lazy("Slower, and slips are seen. Otherwise one key chooses, saves and goes on."),
    )
    allows_overlapping_spans = forms.BooleanField(required=False, label=gettext_lazy("Spans may overlap"))
    hidden_metadata = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Metadata hidden from annotators"),
        help_text=gettext_lazy(
            "Fields that would tell the answer belong here. Managers see them in reports and exports."
        ),
    )

    @classmethod
    def of(cls, project: Project, data: Any = None) -> Policy:
        """The form with the project's present policy; each kind of project is asked what concerns it."""
        form = cls(data, initial={name: getattr(project, name) for name in cls.base_fields})
        if project.kind != Project.Kind.SPANS:
            del form.fields["allows_overlapping_spans"]
        if project.kind != Project.Kind.SINGLE:
            del form.fields["confirms_choice"]
        if fields := fields_of(project):
            names = {ALL_FIELDS: _("All that are not shown by choice")}
            chooser = form.fields["hidden_metadata"]
            assert isinstance(chooser, forms.MultipleChoiceField)  # noqa: S101 - see above
            chooser.choices = [(field, names.get(field, field)) for field in fields]
        else:
            del form.fields["hidden_metadata"]
        return form

    def changes(self) -> dict[str, Any]:
        """What differs from before."""
        return {name: self.cleaned_data[name] for name in self.changed_data}
