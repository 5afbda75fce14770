"""Model comparison: is one better than the other, and on which documents? Evaluated on the current labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analytics.data.content_cache import cached_by_content
from analytics.data.queries import HeldOut, Spans, held_out
from analytics.metrics.paired import Counts, PairedDifference, PairedDifferences, paired_differences_of_counts
from analytics.metrics.spans import counts_of_documents
from labeling.annotations.test_labels import LabelTable, labeled_test_set
from labeling.exceptions import NotFound
from labeling.guidelines.models import LabelClass
from labeling.learning.arrays.class_index import ClassIndex
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project

MAX_ITEMS = 1_000  # documents of one answer to a machine


class Outcome(StrEnum):
    """What became of a document from the first model to the second."""

    FIXED = "fixed"
    BROKEN = "broken"
    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True)
class ClassChange:
    """One class: its F1 with both models, and the labels that each had learned from."""

    label_class: LabelClass
    f1: PairedDifference
    labels: tuple[int | None, int | None]

    @property
    def added(self) -> int | None:
        """Labels of the class that the second model had more; None where one was not counted."""
        first, second = self.labels
        return None if first is None or second is None else second - first


@dataclass(frozen=True)
class PairedPredictions:
    """What both models say of the documents that both predicted, with one order of classes.

    document_ids : (n,); is_right : for each model (n,) whether the document is right in full
    first, second : what each model says, aligned
    """

    document_ids: NDArray[np.int64]
    is_right: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    first: HeldOut
    second: HeldOut

    def documents(self, outcome: Outcome) -> NDArray[np.int64]:
        """Places of the documents with this outcome: (n_of_them,)."""
        first, second = self.is_right
        flags = {
            Outcome.FIXED: ~first & second,
            Outcome.BROKEN: first & ~second,
            Outcome.RIGHT: first & second,
            Outcome.WRONG: ~first & ~second,
        }
        return np.flatnonzero(flags[outcome])


@dataclass(frozen=True)
class Comparison:
    """Two models of a project, the earlier one first; differences are the second minus the first."""

    first: ModelVersion
    second: ModelVersion
    judged: PairedPredictions
    differences: PairedDifferences
    rows: list[ClassChange]
    counts: dict[Outcome, int]


def compare(project: Project, first: ModelVersion, second: ModelVersion) -> Comparison:
    """Both models on the test documents that both predicted and whose labels both know."""
    labeled = labeled_test_set(project.pk)
    judged, tables = _judged(project, first, second, labeled)
    differences = cached_by_content(
        lambda: paired_differences_of_counts(tables[0], tables[1]),
        "paired differences",
        *tables[0],
        *tables[1],
    )
    classes = judged.first.classes
    by_id = LabelClass.objects.filter(project=project).in_bulk(list(classes))
    rows = [
        ClassChange(by_id[pk], change, (_labels_of(first, pk), _labels_of(second, pk)))
        for pk, change in zip(classes, differences.classes, strict=True)
        if pk in by_id
    ]
    counts = {outcome: len(judged.documents(outcome)) for outcome in Outcome}
    return Comparison(first, second, judged, differences, rows, counts)


def asked_pair(
    project: Project, first: int | None, second: int | None
) -> tuple[ModelVersion, ModelVersion] | None:
    """The models with these numbers; without both, the usual pair. Raises NotFound for others."""
    if first is None and second is None:
        return usual_pair(project)
    versions = ModelVersion.objects.ready().filter(project=project, number__in=[first, second])
    by_number = {version.number: version for version in versions.select_related("guideline")}
    if first is None or second is None or {first, second} - by_number.keys():
        raise NotFound
    return by_number[first], by_number[second]


def usual_pair(project: Project) -> tuple[ModelVersion, ModelVersion] | None:
    """The model in use after the one before it; None with fewer than two models."""
    versions = ModelVersion.objects.select_related("guideline")
    used = versions.in_use(project)
    if used is None:
        return None
    before = versions.ready().filter(project=project, number__lt=used.number).first()
    after = None if before else versions.ready().filter(project=project, number__gt=used.number).first()
    if before is not None:
        return before, used
    return None if after is None else (used, after)


def _labels_of(version: ModelVersion, label_class: UUID) -> int | None:
    labels = version.metadata.labels
    return None if labels is None else labels.get(str(label_class), 0)


def _judged(
    project: Project, first: ModelVersion, second: ModelVersion, labeled: LabelTable
) -> tuple[PairedPredictions, tuple[Counts, Counts]]:
    predicted = [held_out(project, version, labeled) for version in (first, second)]
    classes = tuple(dict.fromkeys([*predicted[1].classes, *predicted[0].classes]))
    predicted = [_in_order(held_out, classes) for held_out in predicted]
    ids, *rows_of = np.intersect1d(predicted[0].document_ids, predicted[1].document_ids, return_indices=True)
    left, other = (held_out.take(rows) for held_out, rows in zip(predicted, rows_of, strict=True))
    tables = _counts(project.kind, left), _counts(project.kind, other)
    return PairedPredictions(ids, (_in_full(tables[0]), _in_full(tables[1])), left, other), tables


def _in_full(counts: Counts) -> NDArray[np.bool_]:
    """Whether nothing is extra or missed in a document: (n,)."""
    _right, extra, missed = (table.astype(bool) for table in counts)
    is_right: NDArray[np.bool_] = ~(extra | missed).any(axis=1)
    return is_right


def _counts(kind: str, held_out: HeldOut) -> Counts:
    """Right, extra and missed labels of each document: three (n, n_classes)."""
    if kind == Project.Kind.SPANS:
        return counts_of_documents(held_out.truth_spans, held_out.predicted_spans, len(held_out.classes))
    return (
        held_out.truth & held_out.predicted,
        ~held_out.truth & held_out.predicted,
        held_out.truth & ~held_out.predicted,
    )


def _in_order(held_out: HeldOut, classes: tuple[UUID, ...]) -> HeldOut:
    """The same with these columns, which hold all of its own; the others are never true and never said."""
    if held_out.classes == classes:
        return held_out
    class_index = ClassIndex.of(classes)
    columns = np.array([class_index.column(pk) for pk in held_out.classes], dtype=np.int64)
    truth, predicted = (np.zeros((len(held_out), len(classes)), dtype=bool) for _ in range(2))
    truth[:, columns], predicted[:, columns] = held_out.truth, held_out.predicted
    return HeldOut(
        classes,
        held_out.document_ids,
        held_out.annotation_ids,
        truth,
        predicted,
        held_out.probabilities,
        _moved(held_out.truth_spans, columns),
        _moved(held_out.predicted_spans, columns),
    )


def _moved(spans: tuple[Spans, ...], class_index: NDArray[np.int64]) -> tuple[Spans, ...]:
    return tuple([(start, end, int(class_index[c])) for start, end, c in span] for span in spans)


def asked_comparison(query: Mapping[str, str], project: Project) -> Comparison | None:
    """The two models that `a` and `b` of a query name, or the usual ones. Raises NotFound for others."""
    requested = [str(query.get(name, "")) for name in ("a", "b")]
    if any(number and not (number.isdecimal() and len(number) <= 9) for number in requested):
        raise NotFound
    pair = asked_pair(project, *(int(number) if number else None for number in requested))
    return None if pair is None else compare(project, *pair)
