"""Slice report: on which documents is the model worse: long ones, some language, some source?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from analytics.data import queries
from analytics.data.content_cache import cached_by_content
from analytics.data.model_selection import ModelSelection, select_model
from analytics.data.scores import scores
from analytics.metrics.classification import NOTHING_TESTED, Average, Report
from analytics.metrics.intervals import proportion
from analytics.metrics.measures import Measure
from analytics.metrics.slices import MIN_SUPPORT, Search, WeakSlice, worst_slices
from analytics.slices.slice_fields import LENGTH, Bucket, Field, fields_of
from labeling.documents.slices import Slice
from labeling.formatting import every
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project


@dataclass(frozen=True)
class SliceRow:
    """One bucket of the field that is shown."""

    bucket: Bucket
    documents: int
    accuracy: Measure  # share of documents that are right in full
    average: Average | None  # macro for one class a document, else micro; None for too few documents


@dataclass(frozen=True)
class Weak:
    """A slice that is significantly worse than the rest, with its name and where to see it."""

    name: str
    where: Slice | None
    weak_slice: WeakSlice


@dataclass(frozen=True)
class Slices:
    """Everything that the page, the API and the CSV file show."""

    project: Project
    choice: ModelSelection
    fields: list[Field]
    field: Field | None  # the one that is shown
    rows: list[SliceRow]
    whole: Report | None  # of the test set; None without a model or a labeled test set
    weak: list[Weak]
    tried: int
    documents: int
    is_wrong: NDArray[np.bool_]  # (documents,)
    retired: tuple[tuple[str, int], ...] = ()  # left out, as `HeldOut` tells

    @property
    def version(self) -> ModelVersion | None:
        return self.choice.version

    def accuracies(self, field: Field) -> list[tuple[Bucket, Measure, int]]:
        """Each bucket with the share of its documents that are right in full, and how many it has."""
        counts = []
        for index, bucket in enumerate(field.buckets):
            inside = field.codes == index
            n = int(inside.sum())
            right = n - int(self.is_wrong[inside].sum())
            counts.append((bucket, proportion(right, n, NOTHING_TESTED), n))
        return counts


def slices(project: Project, key: str = LENGTH, requested: str | int | None = None) -> Slices:
    """Computed now, of one model.

    key : of the field to show, by default the length of the text
    requested : the number of the model; the one in use by default. Raises NoSuchModel as `select_model` does.
    """
    choice = select_model(project, requested)
    version = choice.version
    held_out = queries.held_out(project, version) if version else None
    if version is None or held_out is None or not len(held_out):
        retired = held_out.retired if held_out is not None else ()
        return Slices(project, choice, [], None, [], None, [], 0, 0, np.zeros(0, dtype=bool), retired)
    fields = fields_of(held_out.document_ids)
    shown = next((field for field in fields if field.key == key), fields[0])
    is_wrong = _is_wrong(held_out)
    search = cached_by_content(
        lambda: worst_slices(is_wrong, [field.codes for field in fields]),
        "worst slices",
        is_wrong,
        *(field.codes for field in fields),
    )
    whole = scores(project.kind, held_out)
    weak = _named(search, fields)
    report = Slices(
        project,
        choice,
        fields,
        shown,
        [],
        whole,
        weak,
        search.tried,
        len(held_out),
        is_wrong,
        held_out.retired,
    )
    rows = [
        SliceRow(bucket, n, accuracy, _average(project, held_out.take(shown.codes == index)))
        for index, (bucket, accuracy, n) in enumerate(report.accuracies(shown))
    ]
    return replace(report, rows=rows)


def _is_wrong(held_out: queries.HeldOut) -> NDArray[np.bool_]:
    """Documents that are not right in full."""
    if held_out.truth_spans or not held_out.probabilities.shape[1]:
        pairs = zip(held_out.truth_spans, held_out.predicted_spans, strict=True)
        return np.array([set(true) != set(predicted) for true, predicted in pairs], dtype=bool)
    return (held_out.truth != held_out.predicted).any(axis=1)


def _average(project: Project, held_out: queries.HeldOut) -> Average | None:
    if len(held_out) < MIN_SUPPORT:
        return None
    return average_of(project, scores(project.kind, held_out))


def average_of(project: Project, report: Report) -> Average:
    """Over classes where a document has one; else over labels, since a slice lacks many classes."""
    return report.macro if project.kind == Project.Kind.SINGLE else report.micro


def _named(search: Search, fields: list[Field]) -> list[Weak]:
    weak = []
    for weak_slice in search.slices:
        parts = [(fields[field], fields[field].buckets[code]) for field, code in weak_slice.buckets]
        names = [
            f"{field.name}: {bucket.name}" if bucket.where is None else str(bucket.where)
            for field, bucket in parts
        ]
        existing = [bucket.where for _field, bucket in parts if bucket.where is not None]
        where = reduce(Slice.__and__, existing) if len(existing) == len(parts) else None
        weak.append(Weak(every(names), where, weak_slice))
    return weak
