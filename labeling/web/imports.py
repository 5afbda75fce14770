"""Import pages: a file, a look at its first rows, a choice of columns, a report."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from labeling.documents.imports import ImportJob
from labeling.documents.metadata import ALL_FIELDS
from labeling.documents.models import Document
from labeling.exceptions import InvalidInput, LabelingError
from labeling.exchange import import_jobs, uploads
from labeling.exchange import undo as import_undo
from labeling.exchange.import_summaries import ImportSummary
from labeling.exchange.uploads import Preview
from labeling.formats import ENCODINGS, USUAL_KEYS, ColumnChoice, Columns, Dialect, Format, RowProblem
from labeling.formats.csv_columns import ANNOTATION_PREFIX, ROLES, metadata_field
from labeling.formats.csv_rows import needs_escape
from labeling.formats.fields import SEPARATORS, split_labels
from labeling.formats.names import normal_name
from labeling.guidelines.models import Guideline, LabelClass
from labeling.projects.models import Membership, Project
from labeling.web.access import charge, for_managers, person
from labeling.web.components.forms import put_on
from labeling.web.components.polling import is_update, live, render_live

MAX_LISTED_COLUMNS = 100  # whose visibility a page asks for; others are kept as the rules say

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
            assert isinstance(field, forms.ChoiceField)
            text = _("Automatic") if self.cleaned_data[name] is not None else _("Automatic: %s") % guess
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
    LEFT_OUT = "left_out", gettext_lazy("Left out")


class ColumnChooser(forms.Form):
    """Which column of a table, or key of JSON objects, is what; every other one is kept as metadata."""

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
        help_text=gettext_lazy("A list, or names with a separator between."),
    )
    separator = forms.ChoiceField(
        required=False,
        choices=[(mark, SEPARATOR_NAMES[mark]) for mark in SEPARATORS],
        label=gettext_lazy("Separator of classes"),
        help_text=gettext_lazy("Between several classes in one cell."),
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
                self.add_error(name, _("This column is chosen twice."))
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
            (SETTLE, gettext_lazy("Count them as labeled")),
            (TEXTS, gettext_lazy("Texts only: leave the labels out, all documents wait for annotators")),
        ],
        initial=SETTLE,
        widget=forms.RadioSelect,
        label=gettext_lazy("The labels in the file"),
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


SHOWN_BAD_ROWS = 50
SHOWN_MISSING = 50  # names of classes and columns
NOT_REPEATED = {"csrfmiddlewaretoken", "answers", "adds_classes", "back"}
FILE_COST = 50  # of a page's budget: to send a file, and to have it read
LOOK_COST = 10  # to read its start
RECENT_JOBS = 10


@for_managers
def upload(request: HttpRequest, member: Membership) -> HttpResponse:
    form = Upload(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        charge(request, FILE_COST)
        try:
            job = uploads.store(member.project_id, person(request), form.cleaned_data["file"])
            return redirect("labeling:import_job", member.project_id, job.pk)
        except LabelingError as error:
            put_on(form, error)
    jobs = ImportJob.objects.filter(project=member.project_id).defer("bad_rows", "warnings")[:RECENT_JOBS]
    step = _step(member)
    allotted = LabelClass.objects.active().filter(project=member.project_id) if step else ()
    context = {"member": member, "form": form, "jobs": jobs, "step": step, "allotted": allotted}
    return render(request, "labeling/document_upload.html", context, status=422 if form.errors else 200)


@require_safe
@for_managers
def job(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    """The chooser before, the progress while, and the report after the file is read."""
    import_job = import_jobs.job_of(member.project_id, person(request), job_id)
    if import_job.state in (ImportJob.State.UPLOADED, ImportJob.State.FAILED):
        return HttpResponseClientRefresh() if is_update(request) else _chooser(request, member, import_job)
    is_silent = not import_job.is_over and uploads.is_silent(import_job)
    state = [import_job.state, import_job.bytes_read, import_job.imported, is_silent]
    context = {
        "member": member,
        "job": import_job,
        "may_be_undone": import_job.state in ImportJob.UNDOABLE,
        "step": _step(member),
        "bad_rows": [_bad_row(row) for row in import_job.bad_rows[:SHOWN_BAD_ROWS]],
        "warnings": [_bad_row(row) for row in import_job.warnings[:SHOWN_BAD_ROWS]],
        "added_classes": import_job.added_classes
        and LabelClass.objects.filter(pk__in=import_job.added_classes),
        "percent": min(100 * import_job.bytes_read // max(import_job.byte_count, 1), 100),
        "is_silent": is_silent,
        "live": live(request, state, is_busy=not is_silent),
        "next_step": _next_step(member),
    }
    page, part = "labeling/document_import.html", "labeling/_document_import.html"
    return render_live(request, page, part, context, is_over=import_job.is_over)


@require_POST
@for_managers
def start(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    import_job = import_jobs.job_of(member.project_id, person(request), job_id)
    charge(request, FILE_COST)
    reading = Reading(request.POST)
    if import_job.state not in (ImportJob.State.UPLOADED, ImportJob.State.FAILED) or not reading.is_valid():
        return redirect("labeling:import_job", member.project_id, job_id)
    file_format, encoding = reading.cleaned_data["format"], reading.cleaned_data["encoding"]
    try:
        columns = uploads.preview(import_job, file_format, encoding, **reading.dialect()).columns
        chooser = ColumnChooser(columns, *_known(member), request.POST) if columns else None
        if chooser and (not chooser.is_valid() or "back" in request.POST):
            status = 200 if chooser.is_valid() else 422
            return _chooser(request, member, import_job, chooser=chooser, status=status)
        choice = chooser.choice() if chooser else None
        answers = Answers(request.POST)
        if not answers.is_valid() and choice:  # plain text carries no labels
            summary = uploads.summary(import_job, file_format, encoding, choice)
            if summary.with_label:
                return _summary(request, member, import_job, summary, chooser)
        uploads.start(
            member.project_id,
            person(request),
            job_id,
            file_format,
            encoding,
            choice,
            takes_answers=answers.cleaned_data.get("answers") != Answers.TEXTS,
            adds_classes=answers.cleaned_data.get("adds_classes", False),
        )
    except InvalidInput as error:
        return _chooser(request, member, import_job, problem=error.detail, status=422)
    return redirect("labeling:import_job", member.project_id, job_id)


@require_POST
@for_managers
def resume(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    uploads.resume(member.project_id, person(request), job_id)
    return redirect("labeling:import_job", member.project_id, job_id)


@for_managers
def undo(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    """What undoing an import would remove, and doing it."""
    import_job = import_jobs.job_of(member.project_id, person(request), job_id)
    problem = ""
    if request.method == "POST":
        charge(request, FILE_COST)
        try:
            import_undo.undo(member.project_id, person(request), job_id)
            return redirect("labeling:import_job", member.project_id, job_id)
        except LabelingError as error:
            problem = error.message
    context = {
        "member": member,
        "job": import_job,
        "effect": import_undo.effect_of(import_job),
        "problem": problem,
        "may_be_undone": import_job.state in ImportJob.UNDOABLE,
    }
    return render(request, "labeling/import_undo.html", context, status=409 if problem else 200)


@require_POST
@for_managers
def discard(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    uploads.discard(member.project_id, person(request), job_id)
    return redirect("labeling:import", member.project_id)


@require_safe
@for_managers
def bad_rows(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    """The report as a table: rows left out, then rows stored without a part of them.

    Cells that a spreadsheet would run as a formula are escaped.
    """
    import_job = import_jobs.job_of(member.project_id, person(request), job_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="bad-rows.csv"'
    writer = csv.writer(response)
    writer.writerow(["line", "reason", "row", "stored"])
    for rows, is_stored in ((import_job.bad_rows, "no"), (import_job.warnings, "yes")):
        for shown in map(_bad_row, rows):
            cells = [shown["line"], _escaped(shown["reason"]), _escaped(shown["excerpt"]), is_stored]
            writer.writerow(cells)
    return response


def _summary(
    request: HttpRequest,
    member: Membership,
    import_job: ImportJob,
    summary: ImportSummary,
    chooser: ColumnChooser | None,
) -> HttpResponse:
    """What the file would settle, before it does; all that was chosen before comes along."""
    requested = {name: value for name, value in request.POST.items() if name not in NOT_REPEATED}
    kept = chooser.kept_columns() if chooser else {}
    context = {
        "member": member,
        "job": import_job,
        "summary": summary,
        "form": Answers(),
        "requested": requested,
        "missing": summary.missing[:SHOWN_MISSING],
        "kept": [(metadata_field(name), Keep(keep).label) for name, keep in kept.items()][:SHOWN_MISSING],
        "step": _step(member),
    }
    return render(request, "labeling/document_summary.html", context)


def _chooser(
    request: HttpRequest,
    member: Membership,
    import_job: ImportJob,
    *,
    chooser: ColumnChooser | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    charge(request, LOOK_COST)
    requested = request.POST if request.method == "POST" else request.GET
    present = {"format": import_job.file_format, "encoding": import_job.encoding}
    reading = Reading(present | {name: requested[name] for name in Reading.base_fields if name in requested})
    preview = Preview(None, ())
    if reading.is_valid():
        file_format, encoding = reading.cleaned_data["format"], reading.cleaned_data["encoding"]
        try:
            preview = uploads.preview(import_job, file_format, encoding, **reading.dialect())
        except InvalidInput as error:
            problem = problem or error.detail
    if chooser is None and preview.columns:
        chooser = ColumnChooser(preview.columns, *_known(member))
    if preview.columns and preview.columns.dialect:
        reading.show_guess(preview.columns.dialect)
    context = {
        "member": member,
        "job": import_job,
        "reading": reading,
        "preview": preview,
        "chooser": chooser,
        "problem": problem or import_job.failure,
        "can_start": reading.is_valid() and (preview.columns or preview.rows),
        "guesses_no_header": preview.columns
        and preview.columns.dialect
        and not preview.columns.dialect.has_header
        and reading.cleaned_data["has_header"] is None,
        "step": _step(member),
    }
    return render(request, "labeling/document_columns.html", context, status=status)


def _known(member: Membership) -> tuple[Project, frozenset[str]]:
    classes = LabelClass.objects.active().filter(project=member.project_id)
    return member.project, classes.normal_names()


def _step(member: Membership) -> int | None:
    """The second of four steps, as long as the project has no documents."""
    return None if member.project.present_count else 2


def _next_step(member: Membership) -> tuple[str, str]:
    """What a finished import leads to, and its address: a new project still lacks rules and people."""
    project = member.project
    if project.memberships.exclude(pk=member.pk).filter(removed_at=None).exists():
        return _("To the project"), reverse("labeling:project", args=[project.pk])
    if Guideline.objects.filter(project=project, number__gt=1).exists():  # the first one is empty
        return _("Next: invite people"), f"{reverse('labeling:members', args=[project.pk])}?step=4"
    address = reverse("labeling:guideline_edit", args=[project.pk])
    return _("Next: write the guideline"), f"{address}?step=3"


def _bad_row(row: dict[str, Any]) -> dict[str, Any]:
    message = _(row["message"])
    return {
        "line": row["line"],
        "excerpt": row["excerpt"],
        "reason": message % row["values"] if row["values"] else message,
    }


def _escaped(cell: str) -> str:
    return f"'{cell}" if needs_escape(cell) else cell
