"""What is asked about a file of documents?"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.formats import ENCODINGS, ColumnChoice, Columns, Dialect, Format
from labeling.formats.names import normal_name
from labeling.models import Document, Project

FORMATS = (
    (Format.CSV.value, gettext_lazy("Table (CSV or TSV), one document a row")),
    (Format.JSONL.value, gettext_lazy("JSONL, one object a line")),
    (Format.JSON.value, gettext_lazy("JSON, one list of objects")),
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
            "CSV, TSV, JSON, JSONL or plain text, also packed with gzip. The next step maps its columns."
        ),
    )


DELIMITER_NAMES = {
    ",": gettext_lazy("Comma"),
    ";": gettext_lazy("Semicolon"),
    "\t": gettext_lazy("Tab"),
    "|": gettext_lazy("Vertical bar"),
}
HEADER_NAMES = {True: gettext_lazy("Names the columns"), False: gettext_lazy("Is a document")}
QUOTE_NAMES = {True: gettext_lazy("Enclose cells"), False: gettext_lazy("Belong to the text")}


def _is_yes(value: str) -> bool:
    return value == "True"


class Reading(forms.Form):
    """How a file is to be read; what is said of a table only is guessed where it is left open."""

    format = forms.TypedChoiceField(
        choices=FORMATS, coerce=Format, empty_value=None, label=gettext_lazy("Format")
    )
    encoding = forms.ChoiceField(choices=[(name, name) for name in ENCODINGS], label=gettext_lazy("Encoding"))
    delimiter = forms.TypedChoiceField(
        required=False,
        choices=[("", gettext_lazy("Automatic")), *DELIMITER_NAMES.items()],
        empty_value=None,
        label=gettext_lazy("Delimiter"),
    )
    has_header = forms.TypedChoiceField(
        required=False,
        choices=[("", gettext_lazy("Automatic")), *HEADER_NAMES.items()],
        coerce=_is_yes,
        empty_value=None,
        label=gettext_lazy("First row"),
    )
    is_quoted = forms.TypedChoiceField(
        required=False,
        choices=[("", gettext_lazy("Automatic")), *QUOTE_NAMES.items()],
        coerce=_is_yes,
        empty_value=None,
        label=gettext_lazy("Quotes"),
    )

    CHOICES = {
        "delimiter": DELIMITER_NAMES.items(),
        "has_header": HEADER_NAMES.items(),
        "is_quoted": QUOTE_NAMES.items(),
    }

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("format") not in (None, Format.CSV):
            for name in self.CHOICES:
                del self.fields[name]
        return self.cleaned_data

    def dialect(self) -> dict[str, Any]:
        """What was chosen of a table's dialect; None is guessed."""
        return {name: self.cleaned_data[name] for name in self.CHOICES}

    def show_guess(self, dialect: Dialect) -> None:
        """Say what is guessed beside the word for it."""
        guesses = {
            "delimiter": DELIMITER_NAMES.get(dialect.delimiter, dialect.delimiter),
            "has_header": HEADER_NAMES[dialect.has_header],
            "is_quoted": QUOTE_NAMES[dialect.is_quoted],
        }
        for name, guess in guesses.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - all of them are
            text = _("Automatic") if self.cleaned_data[name] is not None else _("Automatic: %s") % guess
            field.choices = [("", text), *self.CHOICES[name]]


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

    def __init__(self, found: Columns, kind: str, class_names: frozenset[str], data: Any = None) -> None:
        super().__init__(data, initial=_guess(found, class_names))
        self.found = found
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
        return ColumnChoice(self.cleaned_data["text"], **columns, dialect=self.found.dialect)


def _guess(found: Columns, class_names: frozenset[str]) -> dict[str, str | None]:
    """By the columns' names; one of answers only where the first rows name classes of this project."""
    guess = found.guess
    column = guess.label or guess.labels
    values: set[str] = set()
    if column is not None:
        place = found.names.index(column)
        values = {normal_name(name) for row in found.rows for name in row[place].split("|")}
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
