"""What is asked about a file of documents?"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.formats import ENCODINGS, ColumnChoice, Columns, Format
from labeling.models import Document, Project

FORMATS = (
    (Format.CSV.value, gettext_lazy("Table (CSV), one document a row")),
    (Format.JSONL.value, gettext_lazy("JSONL, one object a line")),
    (Format.LINES.value, gettext_lazy("Text, one document a line")),
    (Format.PARAGRAPHS.value, gettext_lazy("Text, documents between blank lines")),
)
ANSWERS = {  # which columns can hold an answer in a project of this kind
    Project.Kind.SINGLE: ("label",),
    Project.Kind.MULTI: ("labels",),
    Project.Kind.SPANS: ("spans",),
}


class Upload(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=500,
        help_text=gettext_lazy(
            "CSV, JSONL or plain text, also packed with gzip. You choose the columns in the next step."
        ),
    )


class Reading(forms.Form):
    """How a file is to be read."""

    format = forms.TypedChoiceField(
        choices=FORMATS, coerce=Format, empty_value=None, label=gettext_lazy("Format")
    )
    encoding = forms.ChoiceField(choices=[(name, name) for name in ENCODINGS], label=gettext_lazy("Encoding"))


class ColumnChooser(forms.Form):
    """Which column of a CSV file is what; every other one is kept as metadata."""

    text = forms.ChoiceField(label=gettext_lazy("Text"))
    id = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Identifier"),
        help_text=gettext_lazy("Names the document in your own data; sent again, it is not stored twice."),
    )
    label = forms.ChoiceField(required=False, label=gettext_lazy("Class, if known"))
    labels = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Classes, if known"),
        help_text=gettext_lazy("Separated by | in each cell."),
    )
    spans = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Spans, if known"),
        help_text=gettext_lazy("A list of [start, end, class] in each cell."),
    )
    split = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Test set or pool"),
        help_text=gettext_lazy("Only where your data set has a fixed split; else it is drawn at random."),
    )

    def __init__(self, found: Columns, kind: str, class_names: set[str], data: Any = None) -> None:
        super().__init__(data, initial=_guess(found, class_names))
        names = [(name, name) for name in found.names]
        for unused in {"label", "labels", "spans"} - set(ANSWERS[Project.Kind(kind)]):
            del self.fields[unused]
        for name, field in self.fields.items():
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - all of them are
            field.choices = names if name == "text" else [("", _("(none)")), *names]

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, str] = {}
        for name, column in list(self.cleaned_data.items()):
            if column and column in chosen.values():
                self.add_error(name, _("This column is chosen twice."))
            chosen[name] = column
        return self.cleaned_data

    def choice(self) -> ColumnChoice:
        columns = {name: column or None for name, column in self.cleaned_data.items() if name != "text"}
        return ColumnChoice(self.cleaned_data["text"], **columns)


def _guess(found: Columns, class_names: set[str]) -> dict[str, str | None]:
    """By the columns' names; one of answers only where the first rows name classes of this project."""
    guess = found.guess
    column = guess.label or guess.labels
    values: set[str] = set()
    if column is not None:
        place = found.names.index(column)
        values = {name.strip() for row in found.rows for name in row[place].split("|")}
    answer = column if values & class_names else None
    return {
        "text": guess.text,
        "id": guess.id,
        "label": answer,
        "labels": answer,
        "spans": guess.spans,
        "split": guess.split,
    }


class DocumentSearch(forms.Form):
    q = forms.CharField(required=False, max_length=200, label=gettext_lazy("Identifier or #place"))
    state = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("Any state")), *Document.State.choices],
        label=gettext_lazy("State"),
    )
    split = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("Pool and test set")), *Document.Split.choices],
        label=gettext_lazy("Part"),
    )
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)
    before = forms.IntegerField(required=False, widget=forms.HiddenInput)
