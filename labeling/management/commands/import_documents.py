"""How does a file of documents get in without a browser? `./run manage import_documents 1 mails.csv`."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeling.actions.importing import ImportReport, import_documents
from labeling.formats.csv_columns import ColumnChoice, Columns, columns
from labeling.formats.reading import Format, read, sniff
from labeling.formats.records import UnreadableFile
from labeling.formats.streams import ENCODINGS, HEAD_BYTES, guess_encoding
from labeling.models import LabelClass, Project


class Command(BaseCommand):
    help = "Import documents from a CSV, TSV, JSON, JSONL or plain text file (gzip allowed) into a project."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", type=int, help="the project's number, as in its address")
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument(
            "--format", choices=[f.value for f in Format], help="guessed when it is not given"
        )
        parser.add_argument("--encoding", choices=ENCODINGS, help="guessed when it is not given")
        parser.add_argument("--delimiter", help="CSV: guessed when it is not given")
        parser.add_argument(
            "--header",
            choices=["yes", "no"],
            help="CSV: whether the first row names the columns; else they are column 1, column 2 …",
        )
        parser.add_argument(
            "--text-column", help="CSV: the column with the text; guessed when it is not given"
        )
        parser.add_argument("--id-column", help="CSV: the column that names the document")
        parser.add_argument("--label-column", help="CSV: the column with the class, where there are answers")

    def handle(self, *args: Any, **options: Any) -> None:
        if not Project.objects.filter(pk=options["project"]).exists():
            raise CommandError(f"There is no project {options['project']}.")
        started = monotonic()
        try:
            report = self._import(options)
        except (OSError, UnreadableFile) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        seconds = max(monotonic() - started, 1e-9)
        for rows, count in ((report.bad_rows, report.bad), (report.warnings, report.warned)):
            for row in rows:
                self.stderr.write(f"line {row.line}: {row.reason}  {row.excerpt}")
            if count > len(rows):
                self.stderr.write(f"and {count - len(rows)} more")
        hidden = Project.objects.values_list("hidden_metadata", flat=True).get(pk=options["project"])
        if hidden:
            self.stderr.write(f"Annotators do not see these fields: {', '.join(hidden)}.")
        self.stdout.write(
            f"{report.read} rows read: {report.added} documents added, {report.known} were here already, "
            f"{report.labelled} came with their label, {report.bad} rows left out, "
            f"{report.warned} stored with a warning "
            f"({seconds:.1f} s, {report.read / seconds:,.0f} rows/s)."
        )

    def _import(self, options: dict[str, Any]) -> ImportReport:
        if options["file"] == "-":
            file_format = Format(options["format"] or "jsonl")
            choice = self._choice(options, None)
            return self._read(sys.stdin.buffer, file_format, choice, options["encoding"] or "utf-8", options)
        path = Path(options["file"])
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        encoding = options["encoding"] or guess_encoding(head)
        file_format = Format(options["format"]) if options["format"] else sniff(head, path.name, encoding)
        found = self._columns(head, encoding, options) if file_format == Format.CSV else None
        with path.open("rb") as stream:
            return self._read(stream, file_format, self._choice(options, found), encoding, options)

    def _columns(self, head: bytes, encoding: str, options: dict[str, Any]) -> Columns:
        found = columns(
            head,
            encoding,
            delimiter=options["delimiter"],
            has_header=None if options["header"] is None else options["header"] == "yes",
            class_names=LabelClass.objects.active().filter(project=options["project"]).normal_names(),
        )
        if options["header"] is None and not found.dialect.has_header:
            self.stderr.write(
                "The first row does not look like names of columns, so it is read as a document. "
                "If it names them, say --header yes."
            )
        return found

    def _choice(self, options: dict[str, Any], found: Columns | None) -> ColumnChoice | None:
        dialect = found.dialect if found else None
        if options["text_column"]:
            asked = ColumnChoice(options["text_column"], options["id_column"], options["label_column"])
            return replace(asked, dialect=dialect)
        return replace(found.guess, dialect=dialect) if found else None

    def _read(
        self,
        stream: Any,
        file_format: Format,
        choice: ColumnChoice | None,
        encoding: str,
        options: dict[str, Any],
    ) -> ImportReport:
        rows = read(stream, file_format, choice=choice, encoding=encoding)
        name = os.fsencode(Path(options["file"]).name).decode(errors="replace")[:200]
        return import_documents(options["project"], rows, self._progress, source="" if name == "-" else name)

    def _progress(self, report: ImportReport) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{report.read:,} rows read, {report.added:,} added", ending="")
