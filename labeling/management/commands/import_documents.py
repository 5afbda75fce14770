"""How does a file of documents get in without a browser? `./run manage import_documents 1 mails.csv`."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeling.actions.importing import ImportReport, import_documents
from labeling.formats.csv_columns import ColumnChoice
from labeling.formats.reading import Format, read, sniff
from labeling.formats.records import UnreadableFile
from labeling.formats.streams import HEAD_BYTES
from labeling.models import Project


class Command(BaseCommand):
    help = "Import documents from a CSV, JSONL or plain text file (gzip allowed) into a project."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", type=int, help="the project's number, as in its address")
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument(
            "--format", choices=[f.value for f in Format], help="guessed when it is not given"
        )
        parser.add_argument("--encoding", default="utf-8")
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
        self.stdout.write(
            f"{report.read} rows read: {report.added} documents added, {report.known} were here already, "
            f"{report.labelled} came with their label, {report.bad} rows left out, "
            f"{report.warned} stored with a warning "
            f"({seconds:.1f} s, {report.read / seconds:,.0f} rows/s)."
        )

    def _import(self, options: dict[str, Any]) -> ImportReport:
        choice = None
        if options["text_column"]:
            choice = ColumnChoice(options["text_column"], options["id_column"], options["label_column"])
        if options["file"] == "-":
            return self._read(sys.stdin.buffer, Format(options["format"] or "jsonl"), choice, options)
        path = Path(options["file"])
        with path.open("rb") as head:
            found = (
                Format(options["format"]) if options["format"] else sniff(head.read(HEAD_BYTES), path.name)
            )
        with path.open("rb") as stream:
            return self._read(stream, found, choice, options)

    def _read(
        self, stream: Any, found: Format, choice: ColumnChoice | None, options: dict[str, Any]
    ) -> ImportReport:
        rows = read(stream, found, choice=choice, encoding=options["encoding"])
        name = os.fsencode(Path(options["file"]).name).decode(errors="replace")[:200]
        return import_documents(options["project"], rows, self._progress, source="" if name == "-" else name)

    def _progress(self, report: ImportReport) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{report.read:,} rows read, {report.added:,} added", ending="")
