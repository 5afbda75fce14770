"""Measured class needs: which classes need more of the queue. From the test set of now, for the ranking."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analytics.data.queries import HeldOut, held_out, latest_model
from analytics.metrics.classification import Counts, class_scores, counts_multi
from analytics.metrics.measures import MIN_HEADLINE_DOCUMENTS, Measure
from analytics.metrics.needs import needs
from analytics.metrics.spans import counts_of_documents
from labeling.annotations.ground_truth import label_counts
from labeling.guidelines.models import LabelClass
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.ranking.class_targets import ambiguous_classes
from labeling.steering.class_needs import Measured, write_measured
from labeling.steering.models import ClassNeed

logger = logging.getLogger(__name__)

DIGITS = 4


def write_needs(project: Project, version: ModelVersion | None = None) -> bool:
    """Measure the needs of now and write them; writing twice is writing once.

    version : the model that ranks, where nobody says otherwise
    returns : whether a share moved, so that the queue is ranked again
    Nothing is written where the project is not steered, or its labeled test set is too small to say.
    """
    version = version or latest_model(project)
    if version is None or not project.is_steered:
        return False
    held = held_out(project, version)
    if len(held) < MIN_HEADLINE_DOCUMENTS:  # the queue's own estimate knows more then
        return False
    return write_measured(project.pk, measured_needs(project, version, held))


def write_all(projects: Iterable[Project]) -> None:
    """`write_needs` for each; one whose needs cannot be had is logged, and the others do not wait for it."""
    for project in projects:
        try:
            write_needs(project)
        except Exception:
            logger.exception("The needs of project %s were not written.", project.pk)


def measured_needs(project: Project, version: ModelVersion, held_out: HeldOut) -> dict[UUID, Measured]:
    """The share and the numbers behind it, of each active class that the model knows and no manager has set.

    held_out : what the model says of the test documents that count
    """
    active = set(LabelClass.objects.active().filter(project=project).values_list("pk", flat=True))
    by_managers = ClassNeed.objects.filter(project=project).exclude(mode=ClassNeed.Mode.AUTOMATIC)
    measured = active - set(by_managers.values_list("label_class", flat=True))
    columns = [index for index, pk in enumerate(held_out.classes) if pk in measured]
    evidence_by_class = evidence(project, version, held_out)
    labels = np.array([evidence_by_class[pk]["labels"] for pk in held_out.classes], dtype=np.int64)
    is_ambiguous = np.array([evidence_by_class[pk]["is_ambiguous"] for pk in held_out.classes], dtype=bool)
    counts = class_counts(project, held_out)
    shares = needs(
        counts.true_positives[columns],
        counts.false_positives[columns],
        counts.false_negatives[columns],
        labels[columns],
        project.target_f1,
        is_ambiguous[columns],
    )
    return {
        held_out.classes[index]: (float(share), evidence_by_class[held_out.classes[index]])
        for index, share in zip(columns, shares.tolist(), strict=True)
    }


def evidence_of_now(project: Project) -> dict[UUID, dict[str, Any]]:
    """What the report says of each class at this moment; empty while there is nothing measured."""
    version = latest_model(project)
    held = held_out(project, version) if version else None
    return evidence(project, version, held) if version and held is not None and len(held) else {}


def evidence(project: Project, version: ModelVersion, held_out: HeldOut) -> dict[UUID, dict[str, Any]]:
    """The numbers of each class that the model knows, as they are kept."""
    learned = label_counts(project.pk)
    counts = class_counts(project, held_out)
    errors = int((counts.false_positives + counts.false_negatives).sum())
    is_ambiguous = ambiguous_classes(project, held_out.classes)
    return {
        pk: {
            "f1": _numbers(scores.f1),
            "recall": _numbers(scores.recall),
            "precision": _numbers(scores.precision),
            "support": scores.support,
            "predicted": scores.true_positives + scores.false_positives,
            "labels": learned.get((pk, "pool"), 0),
            "errors": scores.false_positives + scores.false_negatives,
            "all_errors": errors,
            "documents": len(held_out),
            "target": project.target_f1,
            "is_ambiguous": bool(is_ambiguous[index]),
            "model": version.number,
        }
        for index, (pk, scores) in enumerate(zip(held_out.classes, class_scores(counts), strict=True))
    }


def class_counts(project: Project, held_out: HeldOut) -> Counts:
    """Right, extra and missed, of each class; documents with the class, or spans of it."""
    if project.kind == Project.Kind.SPANS:
        tables = counts_of_documents(held_out.truth_spans, held_out.predicted_spans, len(held_out.classes))
        right, extra, missed = (_summed(table) for table in tables)
        return Counts(right, extra, missed, len(held_out))
    return counts_multi(held_out.truth, held_out.predicted)


def _summed(table: NDArray[np.int64]) -> NDArray[np.int64]:
    total: NDArray[np.int64] = table.sum(axis=0)
    return total


def _numbers(measure: Measure) -> list[float] | None:
    """[value, low, high]; None where it is undefined."""
    if measure.value is None or measure.interval is None:
        return None
    return [round(n, DIGITS) for n in (measure.value, measure.interval.low, measure.interval.high)]
