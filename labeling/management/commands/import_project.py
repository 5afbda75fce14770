"""Project import command: a project from another tool's export. `./run manage import_project export.json`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from labeling.exceptions import LabelingError
from labeling.exchange.importing import ImportReport
from labeling.exchange.project_imports import ProjectImport, import_project, usable_outline
from labeling.exchange.project_summaries import summarize_rows
from labeling.exchange.sources import as_readable, open_rows, outline_of_file, recognize_file
from labeling.formats.converters import CONVERTERS
from labeling.formats.outlines import ProjectOutline
from labeling.formats.projects import READERS
from labeling.formats.reading import Format
from labeling.formats.records import UnreadableFile
from labeling.projects.models import Project


class Command(BaseCommand):
    help = "Create a project from another tool's export: classes, guideline and all annotators' labels."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the export: a file, an archive or a folder")
        parser.add_argument(
            "--format", choices=sorted([*Format, *READERS, *CONVERTERS]), help="default: guessed"
        )
        parser.add_argument("--manager", help="the username of the manager (default: the only account)")
        parser.add_argument("--name", default="", help="the name of the project (default: as in the file)")
        parser.add_argument("--kind", choices=Project.Kind.values, default="", help="default: as in the file")
        parser.add_argument(
            "--class", dest="class_names", action="append", default=[], help="a class; repeat it for each"
        )
        parser.add_argument("--overlap", type=int, default=1, help="annotators per document (default: 1)")
        parser.add_argument(
            "--test-percent",
            type=int,
            default=10,
            help="test set, percent of documents without a split (default: 10)",
        )
        parser.add_argument(
            "--bad-rows", type=Path, metavar="FILE", help="write the rows that cannot be read to this file"
        )
        parser.add_argument("--dry-run", action="store_true", help="show what the file holds; import nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        started = monotonic()
        try:
            file_format = options["format"] or recognize_file(path, path.name).file_format
            with as_readable(path, file_format) as (readable, readable_format):
                done = self._import(readable, readable_format, options)
            if done is None:
                return
        except (OSError, UnreadableFile, LabelingError) as error:
            raise CommandError(f"{path}: {error}") from error
        except ValidationError as error:
            raise CommandError(f"{path}: {' '.join(error.messages)}") from error
        self._tell_report(done.project, done.report, max(monotonic() - started, 1e-9))

    def _import(self, path: Path, file_format: str, options: dict[str, Any]) -> ProjectImport | None:
        """The project of the file; None for a dry run."""
        outline = usable_outline(outline_of_file(path, path.name, file_format))
        self._tell_outline(outline)
        if options["dry_run"]:
            self._tell_rows(outline, path, file_format)
            return None
        return import_project(
            _manager(options["manager"]),
            path,
            path.name,
            file_format,
            outline,
            self._progress,
            options["bad_rows"],
            name=options["name"],
            kind=options["kind"],
            class_names=options["class_names"],
            overlap=options["overlap"],
            test_share=options["test_percent"] / 100,
        )

    def _tell_outline(self, outline: ProjectOutline) -> None:
        kind = Project.Kind(outline.kind).label if outline.kind else "no labels"
        self.stdout.write(f"{outline.tool}: {kind}, {len(outline.classes)} classes.")
        for label_class in outline.classes:
            self.stdout.write(f"  {label_class.name}" + ("" if label_class.is_active else " (retired)"))
        if outline.guidelines:
            self.stdout.write(f"Guideline: {len(outline.guidelines[-1].text):,} characters.")
        for loss in outline.losses:
            self.stdout.write(f"Not imported: {loss}")

    def _tell_rows(self, outline: ProjectOutline, path: Path, file_format: str) -> None:
        """Counts of a dry run: documents, annotations by annotator, splits, bad rows."""
        with open_rows(path, path.name, file_format) as rows:
            summary = summarize_rows(outline, rows)
        for row in summary.bad_rows:
            self.stderr.write(f"row {row.line}: {row.reason}  {row.excerpt}")
        self.stdout.write(
            f"{summary.documents:,} documents, {summary.labeled:,} of them labeled; "
            f"{summary.predicted:,} with predictions; {summary.bad:,} rows cannot be imported."
        )
        for name, count in summary.annotators:
            self.stdout.write(f"  Annotator {name or 'unnamed'}: {count:,}")
        for name, count in summary.splits:
            self.stdout.write(f"  Split {name or 'drawn at random'}: {count:,}")
        if summary.failure:
            raise CommandError(f"{path}: {summary.failure}")
        self.stdout.write("Nothing was imported.")

    def _tell_report(self, project: Project, report: ImportReport, seconds: float) -> None:
        for row in (*report.bad_rows, *report.warnings):
            self.stderr.write(f"row {row.line}: {row.reason}  {row.excerpt}")
        self.stdout.write(
            f"Project {project.pk} ({project.name}): {report.added:,} documents, {report.labeled:,} labeled, "
            f"{report.predicted:,} predictions, {report.bad:,} rows not imported, "
            f"{report.warned:,} imported with a warning "
            f"({seconds:.1f} s, {report.read / seconds:,.0f} rows/s)."
        )

    def _progress(self, report: ImportReport, share_read: float) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{report.read:,} rows read ({share_read:.0%})", ending="")


def _manager(username: str | None) -> User:
    """The person of this name, or the only one there is."""
    if username:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no account {username}. Create it with create_account.")
        return user
    people = User.objects.filter(is_active=True)[:2]
    if len(people) != 1:
        raise CommandError("Name the project's manager with --manager USERNAME.")
    return people[0]
