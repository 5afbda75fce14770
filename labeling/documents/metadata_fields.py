"""Metadata visibility: which fields annotators see beside a text, and which would tell them the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from django.utils.translation import gettext as _

from labeling.documents.metadata import ALL_FIELDS
from labeling.documents.models import Document
from labeling.exceptions import InvalidInput
from labeling.formats.records import Record
from labeling.formats.tables.answer_fields import answer_fields
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Project

MAX_FIELDS = 500  # whose visibility a project keeps; where more tell the answer, all others are hidden too
MAX_FIELD_CHARACTERS = 200
SAMPLE_SIZE = 1_000  # documents whose fields are offered


def hide_answers(project_id: int, records: Sequence[Record]) -> None:
    """Hide fields of these new documents that would tell the answer, unless a manager has shown them.

    Within the transaction that stores them, so that nobody sees them in between.
    """
    if not any(record.metadata for record in records):
        return
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    class_names = LabelClass.objects.active().filter(project=project).normal_names()
    labels = [record.answers[0].labels if record.answers else None for record in records]
    fields = answer_fields([record.metadata for record in records], class_names, labels)
    fields = {field for field in fields if len(field) <= MAX_FIELD_CHARACTERS}  # longer ones are never shown
    hidden = {*project.hidden_metadata, *fields} - set(project.shown_metadata)
    if hidden != set(project.hidden_metadata):
        hidden = hidden if len(hidden) <= MAX_FIELDS else {ALL_FIELDS}
        _save(project, hidden, project.shown_metadata)


def decide(project_id: int, hidden: Iterable[str], shown: Iterable[str]) -> None:
    """Keep what a manager chose for these fields; others stay as they are. Raises InvalidInput."""
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    hidden, shown = set(hidden), set(shown)
    _save(
        project,
        hidden | (set(project.hidden_metadata) - shown),
        shown | (set(project.shown_metadata) - hidden),
    )


def fields_of(project: Project) -> list[str]:
    """The fields of the metadata, as far as the first documents show them, in the order of their names."""
    sample = Document.objects.filter(project=project).order_by("position").values_list("metadata", flat=True)
    seen = {field for metadata in islice(sample[:SAMPLE_SIZE].iterator(), SAMPLE_SIZE) for field in metadata}
    return sorted({*seen, *project.hidden_metadata, *project.shown_metadata})[:MAX_FIELDS]


def _save(project: Project, hidden: Iterable[str], shown: Iterable[str]) -> None:
    project.hidden_metadata, project.shown_metadata = checked_fields(hidden), checked_fields(shown)
    project.save(update_fields=["hidden_metadata", "shown_metadata"])


def checked_fields(fields: Iterable[str]) -> list[str]:
    """The names of fields, each once. Raises InvalidInput for too many."""
    names = sorted({field for field in fields if len(field) <= MAX_FIELD_CHARACTERS and "\0" not in field})
    if len(names) > MAX_FIELDS:
        raise InvalidInput(_("A project can hide or show at most {most} fields.").format(most=MAX_FIELDS))
    return names


def shown_instead(project: Project, hidden: Iterable[str]) -> list[str]:
    """Fields that are shown by choice once these are hidden: those before, and those that were hidden."""
    fields = {*project.shown_metadata, *project.hidden_metadata} - {*hidden, ALL_FIELDS}
    return checked_fields(fields)
