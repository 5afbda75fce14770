"""Guideline form: its text, what changed, and a rule for each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from labeling.actions.guidelines import Rule
from labeling.models import ClassRule, Guideline, LabelClass

CHANGES = [
    (Guideline.Change.CLARIFICATION, Guideline.Change.CLARIFICATION.label),
    (Guideline.Change.RULE, Guideline.Change.RULE.label),
]


class GuidelineForm(forms.Form):
    """The version as a whole; `based_on` is the number of the version that is being edited."""

    body = forms.CharField(
        label=_("Guideline"),
        max_length=100_000,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_("Markdown: # heading, *emphasis*, **strong**, - list, [text](https://…), tables."),
    )
    change = forms.ChoiceField(
        label=_("What changes"),
        choices=CHANGES,
        initial=Guideline.Change.CLARIFICATION,
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("In one sentence, for those who know the last version"), max_length=300, required=False
    )
    based_on = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class RuleForm(forms.Form):
    """What one class means."""

    definition = forms.CharField(
        label=_("Definition"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    examples = forms.CharField(
        label=_("Examples, one a line"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    counter_examples = forms.CharField(
        label=_("Not this class, one a line"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, label_class: LabelClass, data: Any, rule: ClassRule | None) -> None:
        initial = {
            name: getattr(rule, name) for name in ("definition", "examples", "counter_examples") if rule
        }
        super().__init__(data, initial=initial, prefix=label_class.pk.hex)
        self.label_class = label_class

    def rule(self) -> Rule:
        return Rule(**self.cleaned_data)


def rule_forms(
    classes: Sequence[LabelClass], rules: Mapping[UUID, ClassRule], data: Any = None
) -> list[RuleForm]:
    """One form a class, filled with what stands now or with what was sent."""
    return [RuleForm(label_class, data, rules.get(label_class.pk)) for label_class in classes]
