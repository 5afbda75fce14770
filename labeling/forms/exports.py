"""Export form: what is asked about a file of labels."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from labeling.actions.exporting import ExportFormat
from labeling.models.exported import Scope


class LabelExport(forms.Form):
    scope = forms.TypedChoiceField(
        choices=Scope.choices,
        coerce=Scope,
        initial=Scope.SETTLED,
        widget=forms.RadioSelect,
        label=gettext_lazy("What"),
    )
    format = forms.TypedChoiceField(
        choices=ExportFormat.choices,
        coerce=ExportFormat,
        initial=ExportFormat.JSONL,
        widget=forms.RadioSelect,
        label=gettext_lazy("Format"),
    )
