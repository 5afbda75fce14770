"""Label export command: labels without a browser. `./run manage export_labels 1 --output labels.jsonl`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeling.exceptions import InvalidInput, NotFound
from labeling.exchange import dataset_versions
from labeling.exchange.datasets import features_of_project
from labeling.exchange.export_files import CONTENTS, export_file, file_format, format_keys
from labeling.exchange.exporting import ExportFormat, Scope
from labeling.exchange.models import DatasetVersion
from labeling.formats.records import BadRow, UnreadableFile
from labeling.projects.models import Project

MAX_LOSSES = 20  # documents that are named; all are counted


class Command(BaseCommand):
    help = "Export the labels of a project in any format, to a file or standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", type=int, help="the project's number, as in its URL")
        parser.add_argument("--format", choices=format_keys(), default=ExportFormat.JSONL.value)
        parser.add_argument(
            "--scope",
            choices=Scope.values,
            default=Scope.SETTLED.value,
            help="final labels, or the annotations of each annotator, counted or not",
        )
        parser.add_argument(
            "--dataset-version",
            type=int,
            metavar="NUMBER",
            help="a frozen version instead of the current labels; then --scope has no effect",
        )
        parser.add_argument("--output", help="the file to write (default: standard output)")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(pk=options["project"]).first()
        if project is None:
            raise CommandError(f"Project {options['project']} does not exist.")
        scope, key = Scope(options["scope"]), options["format"]
        self.rows = self.losses = 0
        self._list_losses(project, scope, key)
        started = monotonic()
        try:
            if options["dataset_version"] is None:
                pieces = export_file(project, scope, key, self._progress, self._lose)
            else:
                version = self._version(project, options["dataset_version"])
                self.rows = version.statistics["documents"]
                pieces = dataset_versions.download(version, key, self._lose, self._progress)
            self._write(pieces, options["output"])
        except NotFound as error:
            raise CommandError(error.detail) from error
        except InvalidInput as error:
            raise CommandError(error.detail) from error
        except UnreadableFile as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{options['output'] or 'standard output'}: {error}") from error
        seconds = max(monotonic() - started, 1e-9)
        start = "\r" if self.stderr.isatty() else ""
        if self.losses:
            self.stderr.write(f"{start}{self.losses:,} documents or labels were not written in full.")
        self.stderr.write(
            f"{start}{self.rows:,} rows written ({seconds:.1f} s, {self.rows / seconds:,.0f} rows/s)."
        )

    def _version(self, project: Project, number: int) -> DatasetVersion:
        version = DatasetVersion.objects.frozen().filter(project=project, number=number).first()
        if version is None:
            raise CommandError(f"Project {project.pk} has no frozen version {number}.")
        return version

    def _list_losses(self, project: Project, scope: Scope, key: str) -> None:
        """What the format cannot hold, before anything is written."""
        if losses := file_format(key, features_of_project(project, CONTENTS[scope])).losses:
            self.stderr.write("This format cannot hold everything:")
            for sentence in losses:
                self.stderr.write(f"  {sentence}")

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

    def _lose(self, loss: BadRow) -> None:
        self.losses += 1
        if self.losses <= MAX_LOSSES:
            self.stderr.write(f"Document {loss.line}: {loss.reason}")
