"""Import forms: how a file is read, what its columns are, and what becomes of its labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.documents.metadata import ALL_FIELDS
from labeling.formats import ENCODINGS, USUAL_KEYS, ColumnChoice, Columns, Dialect, Format, RowProblem
from labeling.formats.fields import SEPARATORS, split_labels
from labeling.formats.names import normal_name
from labeling.formats.projects import READERS
from labeling.formats.tables.csv_columns import ANNOTATION_PREFIX, ROLES, metadata_field
from labeling.projects.models import Project

MAX_LISTED_COLUMNS = 100  # whose visibility a page asks for; others are kept as the rules say

FORMATS = (
    (Format.CSV.value, gettext_lazy("Table (CSV or TSV), one document per row")),
    (Format.JSONL.value, gettext_lazy("JSONL, one object per line")),
    (Format.JSON.value, gettext_lazy("JSON, a list of objects")),
    (Format.LINES.value, gettext_lazy("Text, one document per line")),
    (Format.PARAGRAPHS.value, gettext_lazy("Text, documents separated by blank lines")),
)
ANSWERS = {  # which columns can hold an answer in a project of this kind
    Project.Kind.SINGLE: ("label",),
    Project.Kind.MULTI: ("labels",),
    Project.Kind.SPANS: ("spans",),
}


def _formats() -> list[tuple[str, str]]:
    """Plain formats, then those of other tools."""
    plain = [(key, str(name)) for key, name in FORMATS]
    return plain + [(key, _(reader.TOOL)) for key, reader in READERS.items()]


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=500,
        help_text=gettext_lazy(
            "CSV, TSV, JSON, JSONL, plain text, Excel, Parquet, an archive of text files, or the export of "
            "another tool. You check the preview next."
        ),
    )


DELIMITER_NAMES = {
    ",": gettext_lazy("Comma"),
    ";": gettext_lazy("Semicolon"),
    "\t": gettext_lazy("Tab"),
    "|": gettext_lazy("Vertical bar"),
}
HEADER_NAMES = {True: gettext_lazy("Header"), False: gettext_lazy("Document")}
QUOTE_NAMES = {True: gettext_lazy("Quote cells"), False: gettext_lazy("Part of the text")}


def _is_yes(value: str) -> bool:
    return value == "True"


class Reading(forms.Form):
    """How a file is to be read; what is said of a table only is guessed where it is left open."""

    format = forms.TypedChoiceField(choices=_formats, empty_value=None, label=gettext_lazy("Format"))
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
            assert isinstance(field, forms.ChoiceField)
            text = (
                _("Automatic")
                if self.cleaned_data[name] is not None
                else _("Automatic: {guess}").format(guess=guess)
            )
            field.choices = [("", text), *self.CHOICES[name]]


SEPARATOR_NAMES = {
    "|": gettext_lazy("Vertical bar |"),
    ",": gettext_lazy("Comma ,"),
    ";": gettext_lazy("Semicolon ;"),
    "#": gettext_lazy("Number sign #"),
}


class Keep(models.TextChoices):
    """What becomes of a column of metadata."""

    SHOWN = "shown", gettext_lazy("Shown to annotators")
    HIDDEN = "hidden", gettext_lazy("Hidden from annotators")
    LEFT_OUT = "left_out", gettext_lazy("Not imported")


class ColumnChooser(forms.Form):
    """Which column of a table, or key of JSON objects, is what; every other one is kept as metadata."""

    text = forms.ChoiceField(label=gettext_lazy("Text"))
    id = forms.ChoiceField(
        required=False,
        label=gettext_lazy("ID"),
        help_text=gettext_lazy("The document's ID in your data. Rows with a known ID are skipped."),
    )
    label = forms.ChoiceField(required=False, label=gettext_lazy("Label column"))
    labels = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Label column"),
        help_text=gettext_lazy("A list, or class names with a separator."),
    )
    separator = forms.ChoiceField(
        required=False,
        choices=[(mark, SEPARATOR_NAMES[mark]) for mark in SEPARATORS],
        label=gettext_lazy("Label separator"),
        help_text=gettext_lazy("Separates several classes in one cell."),
    )
    spans = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Span column"),
        help_text=gettext_lazy("A list of [start, end, class] per cell."),
    )
    split = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Split column"),
        help_text=gettext_lazy(
            "Only if your data has a fixed split. Otherwise the test set is drawn at random."
        ),
    )

    def __init__(
        self, columns: Columns, project: Project, class_names: frozenset[str], data: Any = None
    ) -> None:
        guess = _guess(columns, class_names)
        super().__init__(data, initial=dict(guess))
        self.columns = columns
        names = [(name, name) for name in columns.names]
        answers = ANSWERS[Project.Kind(project.kind)]
        for unused in {"label", "labels", "spans"} - set(answers):
            del self.fields[unused]
        if "labels" not in answers:
            del self.fields["separator"]
        else:
            self.fields["separator"].initial = columns.guess.separator or SEPARATORS[0]
        for name, field in self.fields.items():
            assert isinstance(field, forms.ChoiceField)
            if name != "separator":
                field.choices = names if name == "text" else [("", _("(none)")), *names]
        self._defaults = {name: _default(name, columns, project) for name in columns.names}
        self._keep_names: dict[str, str] = {}
        self._add_keep_fields(set(guess.values()) if data is None else set())

    def _add_keep_fields(self, roles: set[str | None]) -> None:
        """A question for each column that could be metadata, as far as a page can show them."""
        others = [name for name in self.columns.names if not name.startswith(ANNOTATION_PREFIX)]
        for index, name in enumerate(others[:MAX_LISTED_COLUMNS]):
            self._keep_names[f"keep_{index}"] = name
            if name not in roles:
                self.fields[f"keep_{index}"] = forms.ChoiceField(
                    required=False, choices=Keep.choices, initial=self._defaults[name], label=name
                )

    @property
    def roles(self) -> list[forms.BoundField]:
        """The questions which column holds what."""
        return [self[name] for name in self.fields if name not in self._keep_names]

    @property
    def kept(self) -> list[forms.BoundField]:
        """The questions what becomes of columns that hold nothing of these."""
        chosen = set(self._roles().values()) if self.is_bound and self.is_valid() else set()
        return [
            self[field]
            for field, name in self._keep_names.items()
            if field in self.fields and name not in chosen
        ]

    @property
    def unasked_count(self) -> int:
        return max(len(self.columns.names) - MAX_LISTED_COLUMNS, 0)

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, str] = {}
        for name, column in self._roles().items():
            if column and column in chosen.values():
                self.add_error(name, _("This column is selected twice. Choose another."))
            chosen[name] = column
        return self.cleaned_data

    def _roles(self) -> dict[str, str]:
        return {role: self.cleaned_data[role] for role in ROLES if role in self.cleaned_data}

    def choice(self) -> ColumnChoice:
        """What was chosen; a column that was shown or hidden by default and stays so decides nothing anew."""
        roles = self._unseen() | {role: column for role, column in self._roles().items() if column}
        keeps = self.kept_columns()
        return ColumnChoice(
            **roles,
            dialect=self.columns.dialect,
            separator=self.cleaned_data.get("separator") or None,
            left_out=_which(keeps, Keep.LEFT_OUT),
            hidden=_which(keeps, Keep.HIDDEN),
            shown=tuple(name for name in _which(keeps, Keep.SHOWN) if self._defaults[name] != Keep.SHOWN),
        )

    def _unseen(self) -> dict[str, str]:
        """Usual keys of JSON rows that may come later in the file: nobody could choose otherwise."""
        if self.columns.dialect is not None:
            return {}
        return {role: key for role, key in USUAL_KEYS.roles.items() if key not in self.columns.names}

    def kept_columns(self) -> dict[str, str]:
        """What becomes of each column that is metadata."""
        chosen = {
            self._keep_names[field]: self.cleaned_data[field]
            for field in self._keep_names.keys() & self.fields.keys()
        }
        roles = set(self._roles().values())
        return {
            name: chosen.get(name) or default
            for name, default in self._defaults.items()
            if name not in roles and not name.startswith(ANNOTATION_PREFIX)
        }


class Answers(forms.Form):
    """What becomes of the labels that a file carries?"""

    SETTLE, TEXTS = "settle", "texts"
    answers = forms.ChoiceField(
        choices=[
            (SETTLE, gettext_lazy("Import as final labels")),
            (TEXTS, gettext_lazy("Import texts only; annotators label all documents")),
        ],
        initial=SETTLE,
        widget=forms.RadioSelect,
        label=gettext_lazy("Labels in the file"),
    )
    adds_classes = forms.BooleanField(required=False)


def _which(keeps: dict[str, str], keep: Keep) -> tuple[str, ...]:
    return tuple(name for name, kept in keeps.items() if kept == keep)


def _default(column: str, columns: Columns, project: Project) -> Keep:
    field = metadata_field(column)
    if field in project.shown_metadata:
        return Keep.SHOWN
    is_hidden = column in columns.hidden or field in project.hidden_metadata
    return Keep.HIDDEN if is_hidden or ALL_FIELDS in project.hidden_metadata else Keep.SHOWN


def _guess(columns: Columns, class_names: frozenset[str]) -> dict[str, str | None]:
    """By the columns' names; one of answers only where the first rows name classes of this project."""
    guess = columns.guess
    column = guess.label or guess.labels
    values: set[str] = set()
    if column is not None:
        index = columns.names.index(column)
        cells = [row[index] for row in columns.rows]
        values = {normal_name(name) for cell in cells for name in _parts(cell, guess.separator)}
    answer = column if values & class_names else None
    return {
        "text": guess.text,
        "id": guess.id,
        "label": answer,
        "labels": answer,
        "spans": guess.spans,
        "split": guess.split,
    }


def _parts(cell: str, separator: str | None) -> Sequence[str]:
    try:
        return [cell, *split_labels(cell, separator)]
    except RowProblem:
        return [cell]
