"""Test set review: the documents that fit what a reviewer asks for, and what they say of the whole model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models.functions import Length
from numpy.typing import NDArray

from analytics.data.model_selection import ModelSelection, select_model
from analytics.data.queries import HeldOut, held_out
from analytics.metrics.intervals import proportion
from analytics.metrics.measures import Measure
from analytics.test_set.filters import PredictionErrors, ReviewFilters, chosen, judged
from labeling.documents.metadata import described
from labeling.documents.models import Document
from labeling.guidelines.models import LabelClass
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project

PAGE_SIZE = 20
# A row for each person and guideline: thousands of annotations in a few rows.
SPEAKERS = """
    SELECT a.annotator_id, u.username, g.number, array_agg(a.id)
    FROM labeling_annotation a
    LEFT JOIN auth_user u ON u.id = a.annotator_id
    LEFT JOIN labeling_guideline g ON g.id = a.guideline_id
    WHERE a.id = ANY(%(annotations)s)
    GROUP BY 1, 2, 3
"""
EXTERNAL_IDS = "SELECT id, external_id FROM labeling_document WHERE id = ANY(%s) AND external_id IS NOT NULL"
LabelSource = tuple[int | None, int | None]  # of an annotation: who, and the number of the guideline


@dataclass(frozen=True)
class Review:
    """The test set as one model saw it, narrowed as asked.

    rows : places of all that fit in `held_out`, in order
    people, guidelines : who labeled the test set, and under which versions
    """

    filters: ReviewFilters
    choice: ModelSelection
    classes: dict[UUID, LabelClass]
    held_out: HeldOut | None = None
    numbers: PredictionErrors | None = None
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    label_sources: dict[int, LabelSource] = field(default_factory=dict)
    people: dict[int, str] = field(default_factory=dict)
    guidelines: list[int] = field(default_factory=list)

    @property
    def version(self) -> ModelVersion | None:
        return self.choice.version

    @property
    def error(self) -> Measure:
        """The share of the whole test set that the model is wrong on."""
        wrong = 0 if self.numbers is None else int(self.numbers.is_wrong.sum())
        return proportion(wrong, len(self), "The test set has no labeled document yet.")

    def __len__(self) -> int:
        return 0 if self.held_out is None else len(self.held_out)

    @property
    def document_ids(self) -> list[int]:
        """Of all documents that fit, in order."""
        ids: list[int] = [] if self.held_out is None else self.held_out.document_ids[self.rows].tolist()
        return ids

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.rows) // PAGE_SIZE))


def review(project: Project, filters: ReviewFilters) -> Review:
    """The review that is asked for. Raises NoSuchModel as `select_model` does."""
    choice = select_model(project, filters.model)
    version = choice.version
    classes = {label_class.pk: label_class for label_class in LabelClass.objects.filter(project=project)}
    if version is None:
        return Review(filters, choice, classes)
    held = held_out(project, version)
    numbers = judged(held)
    label_sources, people = _label_sources(held)
    rows = chosen(held, numbers, filters, _conditions(held, label_sources, filters))
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    filters = replace(filters, page=min(filters.page, pages))
    guidelines = sorted({number for _, number in label_sources.values() if number}, reverse=True)
    return Review(filters, choice, classes, held, numbers, rows, label_sources, people, guidelines)


def external_ids(documents: NDArray[np.int64]) -> dict[int, str]:
    """Of those that have one; one array of ids where thousands of parameters would take twice as long."""
    with connection.cursor() as cursor:
        cursor.execute(EXTERNAL_IDS, [documents.tolist()])
        return dict(cursor.fetchall())


def _label_sources(held_out: HeldOut) -> tuple[dict[int, LabelSource], dict[int, str]]:
    """Who gave each annotation that speaks for a test document, under which guideline; and the people."""
    with connection.cursor() as cursor:
        cursor.execute(SPEAKERS, {"annotations": held_out.annotation_ids.tolist()})
        groups = cursor.fetchall()
    label_sources = {pk: (who, number) for who, _name, number, ids in groups for pk in ids}
    return label_sources, {who: name for who, name, _number, _ids in groups if who is not None}


def _conditions(
    held_out: HeldOut, label_sources: dict[int, LabelSource], filters: ReviewFilters
) -> list[NDArray[np.bool_]]:
    """What is asked for beyond the arrays: people, guideline versions, slices."""
    conditions = []
    each = [label_sources.get(pk, (None, None)) for pk in held_out.annotation_ids.tolist()]
    if filters.by is not None:
        conditions.append(np.array([who == filters.by for who, _ in each], dtype=bool))
    if filters.guideline is not None:
        conditions.append(np.array([number == filters.guideline for _, number in each], dtype=bool))
    if filters.where.query:
        conditions.append(np.isin(held_out.document_ids, _of_slice(held_out, filters)))
    return conditions


def _of_slice(held_out: HeldOut, filters: ReviewFilters) -> NDArray[np.int64]:
    documents = Document.objects.filter(pk__in=held_out.document_ids.tolist())
    rows = documents.values_list(
        "pk", "metadata", "source", "told_language__language", Length("text"), "near_duplicate_group"
    )
    fits = [
        pk
        for pk, metadata, source, language, length, group in rows
        if filters.where.holds(described(metadata, source, language), length, group is not None)
    ]
    return np.array(fits, dtype=np.int64)
