"""Label export command: labels without a browser. `./run manage export_labels 1 --output labels.jsonl`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeling.exceptions import InvalidInput
from labeling.exchange.exporting import ExportFormat, Scope, export
from labeling.projects.models import Project


class Command(BaseCommand):
    help = "Export the labels of a project as JSONL or CSV, to a file or standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", type=int, help="the project's number, as in its URL")
        parser.add_argument("--format", choices=ExportFormat.values, default=ExportFormat.JSONL.value)
        parser.add_argument(
            "--scope",
            choices=Scope.values,
            default=Scope.SETTLED.value,
            help="one row per labeled document, or all annotations, counted or not",
        )
        parser.add_argument("--output", help="the file to write (default: standard output)")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(pk=options["project"]).first()
        if project is None:
            raise CommandError(f"Project {options['project']} does not exist.")
        self.rows = 0
        started = monotonic()
        try:
            pieces = export(project, Scope(options["scope"]), ExportFormat(options["format"]), self._progress)
            self._write(pieces, options["output"])
        except InvalidInput as error:
            raise CommandError(error.detail) from error
        except OSError as error:
            raise CommandError(f"{options['output'] or 'standard output'}: {error}") from error
        seconds = max(monotonic() - started, 1e-9)
        start = "\r" if self.stderr.isatty() else ""
        self.stderr.write(
            f"{start}{self.rows:,} rows written ({seconds:.1f} s, {self.rows / seconds:,.0f} rows/s)."
        )

    def _write(self, pieces: Iterator[bytes], output: str | None) -> None:
        if output is None:
            sys.stdout.buffer.writelines(pieces)
            sys.stdout.buffer.flush()
            return
        with Path(output).open("wb") as file:
            file.writelines(pieces)

    def _progress(self, rows: int) -> None:
        self.rows = rows
        if self.stderr.isatty():
            self.stderr.write(f"\r{rows:,} rows written", ending="")
