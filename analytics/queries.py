"""What is stored that a report is made of? Reads labeling's tables; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from labeling.models import Document, Focus, HeldOutPrediction, LabelClass, ModelVersion, Project
from labeling.models.held_out import stored_probabilities
from labeling.models.labelled import LabelledDocument, labelled_documents

DECIDED = 0.5  # probability from which a class of several is predicted, unless the model learnt a threshold

Spans = list[tuple[int, int, int]]  # start, end, place of the class


@dataclass(frozen=True)
class HeldOut:
    """What one model version says of the test documents that are labelled now, and what they are.

    classes : the order of all columns
    document_ids, annotation_ids : (n,) each document, and the annotation that speaks for it now
    truth, predicted : (n, n_classes) bool; for one class a document, one True a row
    probabilities : (n, n_classes); (n, 0) in a spans project
    truth_spans, predicted_spans : n lists in a spans project, else empty
    """

    classes: tuple[UUID, ...]
    document_ids: NDArray[np.int64]
    annotation_ids: NDArray[np.int64]
    truth: NDArray[np.bool_]
    predicted: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
    truth_spans: tuple[Spans, ...] = ()
    predicted_spans: tuple[Spans, ...] = ()

    def __len__(self) -> int:
        return len(self.document_ids)

    def take(self, rows: NDArray[np.integer]) -> HeldOut:
        """Some of the documents: their places, or one flag for each."""
        places = np.flatnonzero(rows) if rows.dtype == bool else rows
        return HeldOut(
            self.classes,
            self.document_ids[places],
            self.annotation_ids[places],
            self.truth[places],
            self.predicted[places],
            self.probabilities[places],
            tuple(self.truth_spans[place] for place in places if self.truth_spans),
            tuple(self.predicted_spans[place] for place in places if self.predicted_spans),
        )


def latest_model(project: Project) -> ModelVersion | None:
    """The model in use: what ranks, suggests and is reported."""
    return ModelVersion.objects.select_related("guideline").in_use(project)


def standing_focuses(project: Project) -> dict[UUID, tuple[Focus, int]]:
    """Each wish that stands, with the labels it has brought so far."""
    standing = Focus.objects.standing().with_labels().filter(project=project)
    return {focus.label_class_id: (focus, focus.brought) for focus in standing}


def active_classes(project: Project) -> list[LabelClass]:
    return list(LabelClass.objects.active().filter(project=project))


def test_documents_waiting(project: Project) -> bool:
    """Whether a document of the test set still has no answer."""
    return Document.objects.test_set().filter(project=project, state=Document.State.OPEN).exists()


def held_out(
    project: Project, version: ModelVersion, labelled: Sequence[LabelledDocument] | None = None
) -> HeldOut:
    """Stored predictions beside the labels of now: correct a label and every number moves.

    labelled : the test set of another moment, or one that is read already; by default that of now
    Documents whose label names a class that the model does not know are left out.
    """
    place = {label_class: number for number, label_class in enumerate(version.classes)}
    labelled = labelled_documents(project.pk, "test") if labelled is None else labelled
    known = {d.document_id: d for d in labelled if d.classes <= place.keys()}
    if project.kind == Project.Kind.SPANS:
        return _held_out_spans(version, known, place)
    ids, probabilities = stored_probabilities(version)
    is_known = np.isin(ids, np.fromiter(known, dtype=np.int64, count=len(known)))
    ids, probabilities = ids[is_known], probabilities[is_known]
    documents = [known[pk] for pk in ids.tolist()]
    truth = np.zeros(probabilities.shape, dtype=bool)
    named = [(row, place[c]) for row, document in enumerate(documents) for c in document.classes]
    rows, columns = np.array(named, dtype=np.int64).reshape(-1, 2).T
    truth[rows, columns] = True
    predicted = _decided(project, version, probabilities)
    return HeldOut(tuple(version.classes), ids, _annotations(documents), truth, predicted, probabilities)


def _held_out_spans(
    version: ModelVersion, known: dict[int, LabelledDocument], place: dict[UUID, int]
) -> HeldOut:
    stored = HeldOutPrediction.objects.filter(model_version=version).order_by("document_id")
    found = [row for row in stored.values_list("document_id", "spans") if row[0] in known]
    documents = [known[pk] for pk, _ in found]
    none = np.zeros((len(found), len(place)), dtype=bool)
    return HeldOut(
        classes=tuple(version.classes),
        document_ids=np.array([pk for pk, _ in found], dtype=np.int64),
        annotation_ids=_annotations(documents),
        truth=none,
        predicted=none,
        probabilities=np.zeros((len(found), 0)),
        truth_spans=tuple(
            [(s or 0, e or 0, place[c]) for c, s, e in document.labels] for document in documents
        ),
        predicted_spans=tuple([(s, e, c) for s, e, c, _probability in spans or []] for _, spans in found),
    )


def _annotations(documents: Sequence[LabelledDocument]) -> NDArray[np.int64]:
    return np.array([document.annotation_id for document in documents], dtype=np.int64)


def _decided(
    project: Project, version: ModelVersion, probabilities: NDArray[np.float64]
) -> NDArray[np.bool_]:
    if project.kind == Project.Kind.MULTI:
        thresholds = version.facts.get("thresholds") or [DECIDED] * len(version.classes)
        decided: NDArray[np.bool_] = probabilities >= np.array(thresholds)
        return decided
    best = np.zeros(probabilities.shape, dtype=bool)
    if len(best):
        best[np.arange(len(best)), probabilities.argmax(axis=1)] = True
    return best
