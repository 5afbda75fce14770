"""What is stored that a report is made of? Reads labeling's tables; writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from labeling.models import Document, Focus, HeldOutPrediction, LabelClass, ModelVersion, Project
from labeling.models.labelled import labelled_documents

DECIDED = 0.5  # probability from which a class of several is predicted, unless the model learnt a threshold

Spans = list[tuple[int, int, int]]  # start, end, place of the class


@dataclass(frozen=True)
class HeldOut:
    """What one model version says of the test documents that are labelled now, and what they are.

    classes : the order of all columns
    document_ids : (n,)
    truth, predicted : (n, n_classes) bool; for one class a document, one True a row
    truth_spans, predicted_spans : n lists in a spans project, else empty
    """

    classes: tuple[UUID, ...]
    document_ids: tuple[int, ...]
    truth: NDArray[np.bool_]
    predicted: NDArray[np.bool_]
    truth_spans: tuple[Spans, ...] = ()
    predicted_spans: tuple[Spans, ...] = ()

    def __len__(self) -> int:
        return len(self.document_ids)


def latest_model(project: Project) -> ModelVersion | None:
    return project.model_versions.ready().select_related("guideline").first()


def standing_focuses(project: Project) -> dict[UUID, tuple[Focus, int]]:
    """Each wish that stands, with the labels it has brought so far."""
    standing = Focus.objects.standing().filter(project=project)
    return {focus.label_class_id: (focus, focus.labels_so_far) for focus in standing}


def active_classes(project: Project) -> list[LabelClass]:
    return list(LabelClass.objects.active().filter(project=project))


def test_documents_waiting(project: Project) -> bool:
    """Whether a document of the test set still has no answer."""
    return Document.objects.test_set().filter(project=project, state=Document.State.OPEN).exists()


def held_out(project: Project, version: ModelVersion) -> HeldOut:
    """Stored predictions beside the labels of now: correct a label and every number moves.

    Documents whose label names a class that the model does not know are left out.
    """
    place = {label_class: number for number, label_class in enumerate(version.classes)}
    known = {d.document_id: d for d in labelled_documents(project.pk, "test") if d.classes <= place.keys()}
    predictions = [
        p
        for p in HeldOutPrediction.objects.filter(model_version=version).order_by("document_id")
        if p.document_id in known
    ]
    n_classes = len(version.classes)
    truth = np.zeros((len(predictions), n_classes), dtype=bool)
    for row, prediction in enumerate(predictions):
        truth[row, [place[label_class] for label_class in known[prediction.document_id].classes]] = True
    ids = tuple(p.document_id for p in predictions)
    if project.kind == Project.Kind.SPANS:
        true_spans = tuple(
            [(start or 0, end or 0, place[c]) for c, start, end in known[pk].labels] for pk in ids
        )
        found = tuple([(s, e, c) for s, e, c, _probability in p.spans or []] for p in predictions)
        return HeldOut(tuple(version.classes), ids, truth, np.zeros_like(truth), true_spans, found)
    probabilities = np.array([p.probabilities for p in predictions]).reshape(-1, n_classes)
    return HeldOut(tuple(version.classes), ids, truth, _decided(project, version, probabilities))


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
