"""Models for the report benchmark: made up, right in seven to eight cases of ten.

Nobody trained anything, so pages that read a model's files say that there are none.
"""

from __future__ import annotations

from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project

MODELS = 3
TRUTH = """
    SELECT d.id, array_agg(l.label_class_id ORDER BY l.id), array_agg(l.start ORDER BY l.id),
           array_agg(l."end" ORDER BY l.id)
    FROM labeling_document d
    JOIN labeling_resolution r ON r.document_id = d.id
    JOIN labeling_label l ON l.annotation_id = r.annotation_id
    WHERE d.project_id = %s AND d.split = 'test' GROUP BY d.id ORDER BY d.id
"""


def store_models(project: Project, class_ids: list[UUID], labels: int) -> None:
    """Three versions with what each says of the labeled test documents; the last learned from all labels."""
    with connection.cursor() as cursor:
        cursor.execute(TRUTH, [project.pk])
        labeled = cursor.fetchall()
    class_index = {label_class: number for number, label_class in enumerate(class_ids)}
    ids = [document for document, *_ in labeled]
    truth = np.zeros((len(labeled), len(class_ids)), dtype=bool)
    for row, (_, label, _starts, _ends) in enumerate(labeled):
        truth[row, [class_index[label_class] for label_class in label]] = True
    newest = project.guidelines.order_by("-number").first()
    for number in range(1, MODELS + 1):
        share = number / MODELS
        error = 0.45 - 0.2 * share
        version = ModelVersion.objects.create(
            project=project,
            number=number,
            state=ModelVersion.State.READY,
            classes=class_ids,
            label_count=int(labels * share),
            guideline=newest,
            facts={
                "labels": {str(c): int(labels * share / len(class_ids)) for c in class_ids},
                "held_out": {"documents": len(labeled), "right": int(len(labeled) * 0.7)},
                "change": {"kappa": 0.9 + 0.02 * number, "n": 400, "since": number - 1},
                "thresholds": [0.5] * len(class_ids),
            },
            finished_at="2026-11-12T00:00Z",
        )
        if project.kind == Project.Kind.SPANS:
            spans = [
                list(zip(starts, ends, (class_index[c] for c in classes), strict=True))
                for _, classes, starts, ends in labeled
            ]
            _store_spans(version, ids, spans, error)
        else:
            probabilities = _odds(
                truth, is_single=project.kind == Project.Kind.SINGLE, error=error, seed=number
            )
            _store(version, ids, probabilities)


def _odds(truth: NDArray[np.bool_], *, is_single: bool, error: float, seed: int) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    score = random.normal(0, 1, truth.shape) + 4 * truth * (random.random((len(truth), 1)) > error)
    if is_single:
        probabilities = np.exp(score)
        return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))
    return np.asarray(1 / (1 + np.exp(2.5 - score)))


def _store(version: ModelVersion, documents: list[int], probabilities: NDArray[np.float64]) -> None:
    into = "COPY labeling_heldoutprediction (model_version_id, document_id, probabilities) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        for document, row in zip(documents, probabilities.round(6).tolist(), strict=True):
            copy.write_row((version.pk, document, row))


def _store_spans(
    version: ModelVersion, documents: list[int], spans: list[list[tuple[int, int, int]]], error: float
) -> None:
    """The true spans, but that some are lost, shifted or of the next class."""
    random, n_classes = np.random.default_rng(version.number), len(version.classes)
    predictions = []
    for document, marked in zip(documents, spans, strict=True):
        predicted = []
        for start, end, label_class in marked:
            slip = int(random.integers(3)) if random.random() < error else -1
            if slip == 0:
                continue
            shift, other = int(slip == 1), int(slip == 2)
            probability = round(float(random.uniform(0.5, 1)), 4)
            predicted.append([start, end + shift, (label_class + other) % n_classes, probability])
        predictions.append(HeldOutPrediction(model_version=version, document_id=document, spans=predicted))
    HeldOutPrediction.objects.bulk_create(predictions, batch_size=1_000)
