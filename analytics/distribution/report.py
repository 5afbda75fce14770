"""Label distribution: over classes, people, guideline versions and time, and what is still out there."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from analytics.data.ground_truth import GroundTruth, Prevalence, current_ground_truth, prevalences
from analytics.distribution.breakdowns import (
    Group,
    Habits,
    by_guideline,
    by_person,
    by_time,
    habits,
    people_of,
)
from analytics.metrics.imbalance import Imbalance, imbalance
from analytics.metrics.skew import co_occurrence, lift
from labeling.guidelines.models import LabelClass
from labeling.learning.arrays.class_index import ClassIndex
from labeling.projects.models import Project

MAX_PAIRS = 20


@dataclass(frozen=True)
class ClassSpread:
    """Labels of one class. In a spans project `documents` counts the documents that hold such a span."""

    label_class: LabelClass
    train: int  # labels on documents of the pool
    test: int
    documents: int
    estimate: Prevalence

    @property
    def total(self) -> int:
        return self.train + self.test


@dataclass(frozen=True)
class Together:
    """Two classes on the same documents."""

    first: LabelClass
    second: LabelClass
    documents: int
    of_first: float  # share of the documents of the first class that have the second
    of_second: float
    lift: float  # times as often as by chance


@dataclass(frozen=True)
class Distribution:
    """Everything that the page, the API and the CSV files show.

    rows : classes that are active or have a label, in their order
    people, guidelines, times : groups of answers. People are counted by every answer of theirs that stands,
        the others by the one answer that speaks for each document
    """

    project: Project
    rows: list[ClassSpread]
    imbalance: Imbalance
    documents: int
    test_documents: int
    waiting: int  # documents that are not settled: their first answer counts until the second is there
    sampled: int  # labeled documents that were drawn at random
    people: list[Group]
    guidelines: list[Group]
    times: list[Group]
    habits: Habits
    pairs: list[Together]

    @property
    def labels(self) -> int:
        return sum(row.total for row in self.rows)

    def standing(self, standing: str) -> list[ClassSpread]:
        """Classes that are "over" or "under" represented among the labels, the furthest first."""
        rows = [row for row in self.rows if row.estimate.standing == standing]
        return sorted(
            rows, key=lambda row: abs(log(max(row.estimate.ratio.value or 1.0, 1e-9))), reverse=True
        )


def distribution(project: Project) -> Distribution:
    """Computed now. The statements are as many for a hundred labels as for a hundred thousand."""
    labeled = current_ground_truth(project)
    classes = list(LabelClass.objects.filter(project=project))
    class_index = ClassIndex.of(labeled.ledger.classes)
    estimates = prevalences(project, labeled)
    is_test = labeled.is_test[labeled.documents]
    train, test = labeled.per_class(labeled.spans * ~is_test), labeled.per_class(labeled.spans * is_test)
    documents = labeled.per_class()
    shown = [
        c
        for c in classes
        if c.pk in class_index and (c.retired_at is None or documents[class_index.column(c.pk)])
    ]
    order = np.array(class_index.columns(c.pk for c in shown), dtype=np.int64)
    rows = [
        ClassSpread(c, int(train[at]), int(test[at]), int(documents[at]), estimates[c.pk])
        for c, at in zip(shown, order.tolist(), strict=True)
    ]
    people = people_of(labeled.ledger)
    return Distribution(
        project=project,
        rows=rows,
        imbalance=imbalance(np.array([row.train for row in rows] or [0])),
        documents=len(labeled),
        test_documents=int(labeled.is_test.sum()),
        waiting=labeled.waiting,
        sampled=int(labeled.is_sampled.sum()),
        people=by_person(people, labeled.ledger, order),
        guidelines=by_guideline(project, labeled, order),
        times=by_time(labeled, order),
        habits=habits(people, labeled.ledger, order),
        pairs=_pairs(labeled, order, rows),
    )


def _pairs(labeled: GroundTruth, order: NDArray[np.int64], rows: list[ClassSpread]) -> list[Together]:
    """Classes on the same documents, those that are together most often first; none for one class each."""
    counts = co_occurrence(labeled.documents, labeled.class_indices, len(labeled.ledger.classes))[
        np.ix_(order, order)
    ]
    lifts = lift(counts, max(len(labeled), 1))
    first, second = np.nonzero(np.triu(counts, 1))
    strongest = np.argsort(-counts[first, second], kind="stable")[:MAX_PAIRS]
    return [
        Together(
            rows[a].label_class,
            rows[b].label_class,
            int(counts[a, b]),
            float(counts[a, b] / counts[a, a]),
            float(counts[a, b] / counts[b, b]),
            float(lifts[a, b]),
        )
        for a, b in zip(first[strongest].tolist(), second[strongest].tolist(), strict=True)
    ]
