"""Export files: a project's labels in any format, and what the format cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from labeling.exchange.datasets import features_of_project, outline_of_project, records_of_project
from labeling.exchange.exporting import ExportFormat, Scope, counted, export
from labeling.exchange.models import Content
from labeling.formats.outlines import DatasetFeatures
from labeling.formats.projects import WRITERS, extra_of
from labeling.formats.records import BadRow, gettext_noop
from labeling.formats.writers.losses import Part, losses_beside
from labeling.projects.models import Project

UNLABELED = gettext_noop("Unlabeled documents are left out.")
CONTENTS = {Scope.SETTLED: Content.FINAL, Scope.ALL: Content.ANNOTATORS}
CONTENT_TYPES = {
    ".jsonl": "application/x-ndjson",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".zip": "application/zip",
}  # by the suffix of a file; others are bytes
DATASET = gettext_lazy("Review Queue dataset: lossless, with unlabeled documents, guidelines and predictions")


@dataclass(frozen=True)
class FileFormat:
    """One format on offer.

    losses : what it cannot hold of a project, a sentence each, in English for translation
    extra : the optional dependency that it needs; then a worker or a command writes it, and no web process
    """

    key: str
    name: str | Promise
    suffix: str
    losses: tuple[str, ...] = ()
    extra: str = ""

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES.get(self.suffix, "application/octet-stream")


def format_keys() -> list[str]:
    """All formats, those with a row per label first."""
    return [*ExportFormat.values, *WRITERS]


def file_format(key: str, features: DatasetFeatures | None = None) -> FileFormat:
    """A format, with its losses for data of these features."""
    if key in ExportFormat.values:
        losses = _losses_of_rows(features) if features else []
        return FileFormat(key, ExportFormat(key).label, ExportFormat(key).suffix, tuple(losses))
    writer = WRITERS[key]
    losses = writer.losses(features) if features else []
    name = DATASET if key == "dataset" else writer.TOOL
    return FileFormat(key, name, writer.SUFFIX, tuple(losses), extra_of(key))


def formats_of_project(project: Project, scope: Scope = Scope.ALL) -> list[FileFormat]:
    """Every format with what it cannot hold of this project; a few statements."""
    features = features_of_project(project, CONTENTS[scope])
    return [file_format(key, features) for key in format_keys()]


def export_file(
    project: Project,
    scope: Scope,
    key: str,
    on_progress: Callable[[int], None] | None = None,
    on_loss: Callable[[BadRow], None] | None = None,
) -> Iterator[bytes]:
    """The file in pieces, in constant memory.

    on_progress : is told the number of rows or documents so far, now and then and at the end
    on_loss : is told of each document that loses something, with its number as the line
    Raises InvalidInput, and UnreadableFile where the format needs a package that is not installed.
    """
    if key in ExportFormat.values:
        return export(project, scope, ExportFormat(key), on_progress)
    records = counted(records_of_project(project, CONTENTS[scope]), on_progress)
    return WRITERS[key].write(outline_of_project(project), records, on_loss or _ignore)


def file_name(project: Project, scope: Scope, chosen: FileFormat) -> str:
    """What the file is called on any system: ASCII, and nothing that people typed."""
    content = "labels" if scope == Scope.SETTLED else "annotations"
    kind = "" if chosen.key in (ExportFormat.JSONL, ExportFormat.CSV) else f"-{chosen.key.replace('_', '-')}"
    return f"project-{project.pk}-{content}{kind}{chosen.suffix}"


def _losses_of_rows(features: DatasetFeatures) -> list[str]:
    held: tuple[Part, ...] = ("annotators", "metadata", "splits", "overlaps", "no_class", "provenance")
    losses = losses_beside(held, features)
    return [UNLABELED, *losses] if features.unlabeled else losses


def _ignore(loss: BadRow) -> None:
    """Losses are listed before the export."""
