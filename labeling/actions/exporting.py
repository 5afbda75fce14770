"""Label export: a file in pieces, whatever the size of the project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.exceptions import InvalidInput
from labeling.formats import ExportRow, write_csv, write_jsonl
from labeling.formats.exports import Kind
from labeling.models import Project
from labeling.models.exported import ROW_BATCH_SIZE, Scope, exported, metadata_keys

MAX_METADATA_COLUMNS = 500  # a table of more is none; our own import takes 1,000 columns in all


class ExportFormat(models.TextChoices):
    """How the rows are laid out."""

    JSONL = "jsonl", gettext_lazy("JSONL, one object a line: for programs, without loss")
    CSV = "csv", gettext_lazy("CSV: for programs")
    SPREADSHEET = "spreadsheet", gettext_lazy("CSV for spreadsheets: no cell runs as a formula")


def export(
    project: Project,
    scope: Scope,
    file_format: ExportFormat,
    on_progress: Callable[[int], None] | None = None,
) -> Iterator[bytes]:
    """The file in pieces of about 64 KiB.

    on_progress : is told the number of rows so far, once a page and at the end
    Raises InvalidInput, before the first piece, where the metadata does not fit into columns.
    """
    kind = cast(Kind, project.kind)
    rows = exported(project, scope)
    if on_progress:
        rows = _told(rows, on_progress)
    if file_format == ExportFormat.JSONL:
        return write_jsonl(rows, kind)
    columns = _metadata_columns(project, scope)
    return write_csv(rows, kind, columns, for_spreadsheets=file_format == ExportFormat.SPREADSHEET)


def file_name(project: Project, scope: Scope, file_format: ExportFormat) -> str:
    """What the file is called on any system: ASCII, and nothing that people typed."""
    what = "labels" if scope == Scope.SETTLED else "answers"
    ending = {
        ExportFormat.JSONL: ".jsonl",
        ExportFormat.CSV: ".csv",
        ExportFormat.SPREADSHEET: "-spreadsheet.csv",
    }[file_format]
    return f"project-{project.pk}-{what}{ending}"


def _metadata_columns(project: Project, scope: Scope) -> list[str]:
    keys: set[str] = set()
    for some in metadata_keys(project, scope):
        keys |= some
        if len(keys) > MAX_METADATA_COLUMNS:
            raise InvalidInput(
                _(
                    "The metadata would make more than {most} columns. Choose JSONL, which keeps all of it."
                ).format(most=MAX_METADATA_COLUMNS)
            )
    return sorted(keys)


def _told(rows: Iterator[ExportRow], on_progress: Callable[[int], None]) -> Iterator[ExportRow]:
    count = 0
    for count, row in enumerate(rows, start=1):
        if count % ROW_BATCH_SIZE == 0:
            on_progress(count)
        yield row
    on_progress(count)
