"""Document import command: a file without a browser. `./run manage import_documents 1 mails.csv`."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeling.exceptions import LabelingError
from labeling.exchange.import_summaries import ImportSummary, summarize
from labeling.exchange.importing import ImportReport, import_documents
from labeling.exchange.rejects import header_of, kept
from labeling.exchange.sources import as_readable, head_of, open_rows, recognize_file
from labeling.formats.converters import CONVERTERS
from labeling.formats.fields import SEPARATORS
from labeling.formats.json_files.json_columns import json_columns
from labeling.formats.json_files.jsonl import USUAL_KEYS
from labeling.formats.projects import READERS
from labeling.formats.reading import Format, read
from labeling.formats.records import BadRow, Record, UnreadableFile
from labeling.formats.streams import ENCODINGS, guess_encoding
from labeling.formats.tables.csv_columns import ROLES, ColumnChoice, Columns, columns
from labeling.guidelines.models import LabelClass
from labeling.learning.text.limits import READ_CHARACTERS
from labeling.projects.models import Project

LONGER = f"longer than the {READ_CHARACTERS:,} characters that models read of a text"
ROLE_HELP = {
    "text": "the text (default: guessed)",
    "id": "the ID of the document",
    "label": "the class",
    "labels": "several classes",
    "spans": "spans, a JSON list of [start, end, class]",
    "split": "the split, test or pool",
}


class Command(BaseCommand):
    help = "Import documents from a table, JSON, text, Excel, Parquet or another tool's file into a project."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", type=int, help="the project's number, as in its URL")
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--format", choices=[*Format, *READERS, *CONVERTERS], help="default: guessed")
        parser.add_argument("--encoding", choices=ENCODINGS, help="default: guessed")
        parser.add_argument("--delimiter", help="of a CSV file (default: guessed)")
        parser.add_argument(
            "--header",
            choices=["yes", "no"],
            help="whether the first row of a CSV file has column names; if not, they are column "
            "1, column 2 …",
        )
        _add_columns(parser)
        parser.add_argument(
            "--bad-rows",
            type=Path,
            metavar="FILE",
            help="write the rows that cannot be read to this file, to correct and import them again",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="show how many documents would be labeled, without importing",
        )
        parser.add_argument(
            "--ignore-labels",
            "--texts-only",  # the old name
            dest="ignore_labels",
            action="store_true",
            help="ignore labels and import all documents as unlabeled",
        )
        parser.add_argument(
            "--add-classes",
            action="store_true",
            help="add labels that are not yet classes of the project as classes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not Project.objects.filter(pk=options["project"]).exists():
            raise CommandError(f"Project {options['project']} does not exist.")
        started = monotonic()
        try:
            with self._rows(options) as (rows, choice):
                if options["dry_run"]:
                    self._tell(summarize(options["project"], rows))
                    return
                report = self._import(rows, choice, options)
        except (OSError, UnreadableFile, LabelingError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        self._tell_report(report, max(monotonic() - started, 1e-9), options["project"])

    def _tell_report(self, report: ImportReport, seconds: float, project_id: int) -> None:
        for rows, count in ((report.bad_rows, report.bad), (report.warnings, report.warned)):
            for row in rows:
                self.stderr.write(f"line {row.line}: {row.reason}  {row.excerpt}")
            if count > len(rows):
                self.stderr.write(f"and {count - len(rows)} more")
        hidden = Project.objects.values_list("hidden_metadata", flat=True).get(pk=project_id)
        if hidden:
            self.stderr.write(f"Hidden from annotators: {', '.join(hidden)}.")
        self.stdout.write(
            f"{report.read} rows read: {report.added} documents added, "
            f"{report.duplicates} duplicates skipped, {report.labeled} already labeled, "
            f"{report.bad} rows not imported, {report.warned} imported with a warning "
            f"({seconds:.1f} s, {report.read / seconds:,.0f} rows/s)."
        )
        if report.long:
            self.stdout.write(f"{report.long} of the new documents are {LONGER}.")
        self.stdout.write(f"Import {report.job_id}.")

    def _tell(self, summary: ImportSummary) -> None:
        self.stdout.write(
            f"{summary.with_label} of {summary.rows} rows have a label; {summary.settling} would be "
            f"imported as labeled. {summary.bad} rows have errors. Nothing was imported."
        )
        if summary.missing:
            self.stdout.write(
                f"{summary.missing_rows} rows have {summary.missing_count} labels that are not "
                "classes of the project. Add them with --add-classes:"
            )
        for name, count in summary.missing:
            self.stdout.write(f"  {name} ({count} rows)")
        if summary.long:
            self.stdout.write(f"{summary.long} texts are {LONGER}.")

    @contextmanager
    def _rows(
        self, options: dict[str, Any]
    ) -> Iterator[tuple[Iterator[Record | BadRow], ColumnChoice | None]]:
        """The rows of the file, and how its columns are read."""
        encoding = options["encoding"] or "utf-8"
        if options["file"] == "-":
            file_format = options["format"] or Format.JSONL
            choice = self._choice(file_format, b"", encoding, options)
            yield read(sys.stdin.buffer, Format(file_format), choice=choice, encoding=encoding), choice
            return
        path = Path(options["file"])
        file_format = options["format"]
        if not file_format:
            source = recognize_file(path, path.name)
            file_format = source.file_format
            encoding = options["encoding"] or source.encoding
        with as_readable(path, file_format) as (path, file_format):
            head = b"" if file_format in READERS else head_of(path, path.name)
            if options["format"] and not options["encoding"]:
                encoding = guess_encoding(head)
            choice = self._choice(file_format, head, encoding, options)
            with open_rows(path, path.name, file_format, encoding=encoding, choice=choice) as rows:
                if options["bad_rows"] is None:
                    yield iter(rows), choice
                    return
                header = header_of(path, path.name, file_format, encoding, choice)
                yield kept(iter(rows), options["bad_rows"], file_format, header), choice

    def _choice(
        self, file_format: str, head: bytes, encoding: str, options: dict[str, Any]
    ) -> ColumnChoice | None:
        """The guess, but for what the options say. None: the usual keys, or a table that is guessed later."""
        requested: dict[str, Any] = {
            role: options[f"{role}_column"] or None for role in ROLES if options[f"{role}_column"] is not None
        }
        keeps: dict[str, Any] = {
            name: tuple(options[name]) for name in ("hidden", "shown", "left_out") if options[name]
        }
        keeps |= {"separator": options["separator"]} if options["separator"] else {}
        names = LabelClass.objects.active().filter(project=options["project"]).normal_names()
        if file_format == Format.CSV:
            columns = self._columns(head, encoding, names, options) if head else None
            if columns is None:
                return ColumnChoice(**requested, **keeps) if "text" in requested else None
            guess = ColumnChoice(columns.guess.text) if "text" in requested else columns.guess
            is_multi = Project.objects.filter(pk=options["project"], kind=Project.Kind.MULTI).exists()
            if is_multi and guess.label and not guess.labels:
                guess = replace(guess, label=None, labels=guess.label)
            return replace(guess, **requested, **keeps, dialect=columns.dialect)
        if file_format not in (Format.JSONL, Format.JSON):
            return None
        is_list = file_format == Format.JSON
        columns = json_columns(head, encoding, is_list=is_list, class_names=names) if head else None
        is_usual = columns is None or "text" in columns.names
        if is_usual and not requested and not keeps:
            return None
        return replace(USUAL_KEYS if is_usual or columns is None else columns.guess, **requested, **keeps)

    def _columns(
        self, head: bytes, encoding: str, class_names: frozenset[str], options: dict[str, Any]
    ) -> Columns:
        choice = columns(
            head,
            encoding,
            delimiter=options["delimiter"],
            has_header=None if options["header"] is None else options["header"] == "yes",
            class_names=class_names,
        )
        assert choice.dialect is not None
        if options["header"] is None and not choice.dialect.has_header:
            self.stderr.write(
                "The first row does not look like column names, so it is imported as a document. "
                "If it has column names, add --header yes."
            )
        return choice

    def _import(
        self, rows: Iterator[Record | BadRow], choice: ColumnChoice | None, options: dict[str, Any]
    ) -> ImportReport:
        name = os.fsencode(Path(options["file"]).name).decode(errors="replace")[:200]
        return import_documents(
            options["project"],
            rows,
            self._progress,
            source="" if name == "-" else name,
            choice=choice,
            takes_answers=not options["ignore_labels"],
            adds_classes=options["add_classes"],
        )

    def _progress(self, report: ImportReport) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{report.read:,} rows read, {report.added:,} added", ending="")


def _add_columns(parser: ArgumentParser) -> None:
    """Which columns of a table, or keys of JSON objects, hold what; and what becomes of the others."""
    for role, holds in ROLE_HELP.items():
        parser.add_argument(f"--{role}-column", metavar="NAME", help=f"the column or JSON key with {holds}")
    parser.add_argument(
        "--separator", choices=SEPARATORS, help="between several classes in one cell (default: guessed)"
    )
    for option, old, field, becomes in (
        ("--hide-field", "--hide", "hidden", "is hidden from annotators"),
        ("--show-field", "--show", "shown", "is shown to annotators even if it would reveal the label"),
        ("--exclude-field", "--leave-out", "left_out", "is not imported"),
    ):
        parser.add_argument(
            option,
            old,
            dest=field,
            action="append",
            metavar="NAME",
            default=[],
            help=f"a column that {becomes}; can be repeated",
        )
