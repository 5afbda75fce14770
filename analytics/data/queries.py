"""Report queries: what is stored that a report is made of. Reads labeling's tables; writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from labeling.annotations.test_labels import LabelTable, labeled_test_set
from labeling.documents.models import Document
from labeling.guidelines.models import LabelClass
from labeling.learning.arrays.class_index import ClassIndex
from labeling.predictions.held_out import stored_probabilities, stored_spans
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.steering.models import ClassNeed, Focus

DECIDED = 0.5  # probability from which a class of several is predicted, unless the model learned a threshold

Spans = list[tuple[int, int, int]]  # start, end, place of the class


@dataclass(frozen=True)
class HeldOut:
    """What one model version says of the test documents that are labeled now, and what they are.

    classes : the order of all columns: the classes of the model that are not retired
    document_ids, annotation_ids : (n,) each document, and the annotation that speaks for it now
    truth, predicted : (n, n_classes) bool; for one class a document, one True a row
    probabilities : (n, n_classes); (n, 0) in a spans project
    truth_spans, predicted_spans : n lists in a spans project, else empty
    span_odds : n lists, the probability of each predicted span
    retired : names of classes that labels of the test set still have though nobody can choose them any more,
        and the documents that have each; these documents are left out
    """

    classes: tuple[UUID, ...]
    document_ids: NDArray[np.int64]
    annotation_ids: NDArray[np.int64]
    truth: NDArray[np.bool_]
    predicted: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
    truth_spans: tuple[Spans, ...] = ()
    predicted_spans: tuple[Spans, ...] = ()
    span_odds: tuple[list[float], ...] = ()
    retired: tuple[tuple[str, int], ...] = ()

    def __len__(self) -> int:
        return len(self.document_ids)

    def take(self, rows: NDArray[np.integer]) -> HeldOut:
        """Some of the documents: their places, or one flag for each."""
        indices = np.flatnonzero(rows) if rows.dtype == bool else rows
        return HeldOut(
            self.classes,
            self.document_ids[indices],
            self.annotation_ids[indices],
            self.truth[indices],
            self.predicted[indices],
            self.probabilities[indices],
            tuple(self.truth_spans[index] for index in indices if self.truth_spans),
            tuple(self.predicted_spans[index] for index in indices if self.predicted_spans),
            tuple(self.span_odds[index] for index in indices if self.span_odds),
            self.retired,
        )


def latest_model(project: Project) -> ModelVersion | None:
    """The model in use: what ranks, suggests and is reported."""
    return ModelVersion.objects.select_related("guideline").in_use(project)


def classes_at_target(project: Project) -> set[UUID]:
    """Classes that reached the target beyond doubt when their needs were measured last."""
    needs = ClassNeed.objects.filter(project=project).values_list("label_class", "evidence")
    return {
        label_class
        for label_class, evidence in needs
        if (f1 := evidence.get("f1")) is not None and f1[1] >= project.target_f1
    }


def standing_focuses(project: Project) -> dict[UUID, tuple[Focus, int]]:
    """Each wish that stands, with the labels it has brought so far."""
    standing = Focus.objects.standing().with_labels().filter(project=project)
    return {focus.label_class_id: (focus, focus.brought) for focus in standing}


def active_classes(project: Project) -> list[LabelClass]:
    return list(LabelClass.objects.active().filter(project=project))


def test_documents_waiting(project: Project) -> bool:
    """Whether a document of the test set still has no answer."""
    return Document.objects.test_set().filter(project=project, state=Document.State.OPEN).exists()


def held_out(project: Project, version: ModelVersion, labeled: LabelTable | None = None) -> HeldOut:
    """Stored predictions with the current labels: correct a label and every number changes.

    labeled : the test set of another moment, or one that is read already; by default that of now
    The classes are those of now that the model knows. Documents whose label names another one are left out:
    a class that the model has not learned, or a retired one, which the next model will not learn either.
    """
    labeled = labeled_test_set(project.pk) if labeled is None else labeled
    kept = np.flatnonzero([label_class not in labeled.retired for label_class in version.classes])
    class_index = ClassIndex.of(version.classes[column] for column in kept.tolist())
    column_of = [class_index.column(pk) if pk in class_index else -1 for pk in labeled.classes]
    columns = np.array(column_of, dtype=np.int64)[labeled.class_indices]
    is_known = np.full(len(labeled), len(class_index) > 0)
    is_known[labeled.rows[columns < 0]] = False
    if project.kind == Project.Kind.SPANS:
        held = _held_out_spans(version, labeled, columns, is_known, class_index)
    else:
        held = _held_out_classes(project, version, labeled, columns, is_known, kept)
    return replace(held, retired=_retired(labeled))


def _held_out_classes(
    project: Project,
    version: ModelVersion,
    labeled: LabelTable,
    columns: NDArray[np.int64],
    is_known: NDArray[np.bool_],
    kept: NDArray[np.int64],
) -> HeldOut:
    ids, probabilities = stored_probabilities(version)
    stored, rows = _found(ids, labeled, is_known)
    probabilities = probabilities[stored][:, kept]
    place_of = np.full(len(labeled), -1)
    place_of[rows] = np.arange(len(rows))
    of_label = place_of[labeled.rows]
    truth = np.zeros(probabilities.shape, dtype=bool)
    truth[of_label[of_label >= 0], columns[of_label >= 0]] = True
    if project.kind == Project.Kind.MULTI:
        limits = version.metadata.thresholds or [DECIDED] * len(version.classes)
        predicted = probabilities >= np.array(limits)[kept]
    else:
        probabilities = _among(probabilities, is_whole=len(kept) == len(version.classes))
        predicted = np.zeros(probabilities.shape, dtype=bool)
        if len(predicted):
            predicted[np.arange(len(predicted)), probabilities.argmax(axis=1)] = True
    classes = tuple(version.classes[column] for column in kept.tolist())
    return HeldOut(classes, ids[stored], labeled.annotation_ids[rows], truth, predicted, probabilities)


def _among(probabilities: NDArray[np.float64], *, is_whole: bool) -> NDArray[np.float64]:
    """What the model would say if it had only these classes to choose from: rows that sum to 1."""
    if is_whole:
        return probabilities
    sums = probabilities.sum(axis=1, keepdims=True)
    even = np.full(probabilities.shape, 1 / max(probabilities.shape[1], 1))
    return np.divide(probabilities, sums, out=even, where=sums > 0)


def _retired(labeled: LabelTable) -> tuple[tuple[str, int], ...]:
    """Names of retired classes whose labels stand, the most frequent first, and documents of each."""
    counts = [
        (labeled.retired[pk], len(np.unique(labeled.rows[labeled.class_indices == index])))
        for index, pk in enumerate(labeled.classes)
        if pk in labeled.retired
    ]
    return tuple(sorted((pair for pair in counts if pair[1]), key=lambda pair: (-pair[1], pair[0])))


def _found(
    ids: NDArray[np.int64], labeled: LabelTable, is_known: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the documents that are in both: in `ids`, which rise, and in the table."""
    rows = np.flatnonzero(is_known)
    _, stored, indices = np.intersect1d(
        ids, labeled.document_ids[rows], assume_unique=True, return_indices=True
    )
    return stored, rows[indices]


def _held_out_spans(
    version: ModelVersion,
    labeled: LabelTable,
    columns: NDArray[np.int64],
    is_known: NDArray[np.bool_],
    class_index: ClassIndex,
) -> HeldOut:
    ids, predicted = stored_spans(version)
    stored, rows = _found(ids, labeled, is_known)
    true_spans: list[Spans] = [[] for _ in range(len(labeled))]
    parts = (labeled.rows, labeled.starts, labeled.ends, columns)
    for row, start, end, column in zip(*(part.tolist() for part in parts), strict=True):
        true_spans[row].append((start, end, column))
    none = np.zeros((len(rows), len(class_index)), dtype=bool)
    column_of = {
        number: class_index.column(pk) for number, pk in enumerate(version.classes) if pk in class_index
    }
    marked = [[span for span in predicted[row] if span[2] in column_of] for row in stored.tolist()]
    return HeldOut(
        classes=class_index.classes,
        document_ids=ids[stored],
        annotation_ids=labeled.annotation_ids[rows],
        truth=none,
        predicted=none,
        probabilities=np.zeros((len(rows), 0)),
        truth_spans=tuple(true_spans[row] for row in rows.tolist()),
        predicted_spans=tuple([(s, e, column_of[c]) for s, e, c, _odds in spans] for spans in marked),
        span_odds=tuple([float(probability) for _s, _e, _c, probability in spans] for spans in marked),
    )


def taken_for(held_out: HeldOut, truth: int, predicted: int) -> NDArray[np.bool_]:
    """Documents in which a span of one class is marked as the other: (n,)."""
    pairs = zip(held_out.truth_spans, held_out.predicted_spans, strict=True)
    return np.array(
        [
            bool(
                {(s, e) for s, e, c in true_spans if c == truth}
                & {(s, e) for s, e, c in marked if c == predicted}
            )
            for true_spans, marked in pairs
        ],
        dtype=bool,
    )
