"""Which classes need more of the queue? Measured on the test set of now, written where ranking reads it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.classification import Counts, class_scores, counts_multi
from analytics.metrics.measures import Measure
from analytics.metrics.needs import needs
from analytics.metrics.spans import counts_of_documents
from analytics.queries import HeldOut, held_out, latest_model
from labeling.actions.needs import Measured, write_measured
from labeling.actions.wishes import ambiguous_classes
from labeling.models import ClassNeed, LabelClass, ModelVersion, Project
from labeling.models.labelled import label_counts

logger = logging.getLogger(__name__)

LEAST_DOCUMENTS = 30  # of the labelled test set: below it the engine's own estimate knows more
DIGITS = 4


def write_needs(project: Project, version: ModelVersion | None = None) -> bool:
    """Measure the needs of now and write them; writing twice is writing once.

    version : the model that ranks, where nobody says otherwise
    returns : whether a share moved, so that the queue is ranked again
    Nothing is written where the project is not steered, or its labelled test set is too small to say.
    """
    version = version or latest_model(project)
    if version is None or not project.is_steered:
        return False
    found = held_out(project, version)
    if len(found) < LEAST_DOCUMENTS:
        return False
    return write_measured(project.pk, measured_needs(project, version, found))


def write_all(projects: Iterable[Project]) -> None:
    """`write_needs` for each; one whose needs cannot be had is logged, and the others do not wait for it."""
    for project in projects:
        try:
            write_needs(project)
        except Exception:
            logger.exception("The needs of project %s were not written.", project.pk)


def measured_needs(project: Project, version: ModelVersion, found: HeldOut) -> dict[Any, Measured]:
    """The share and the numbers behind it, of each active class that the model knows.

    found : what the model says of the test documents that count
    """
    active = set(LabelClass.objects.active().filter(project=project).values_list("pk", flat=True))
    off = ClassNeed.objects.filter(project=project).exclude(mode=ClassNeed.Mode.AUTOMATIC)
    measured = active - set(off.values_list("label_class", flat=True))
    columns = [place for place, pk in enumerate(found.classes) if pk in measured]
    counts = class_counts(project, found)
    learnt = label_counts(project.pk)
    labels = np.array([learnt.get((pk, "pool"), 0) for pk in found.classes], dtype=np.int64)
    is_ambiguous = ambiguous_classes(project, found.classes)
    shares = needs(
        counts.true_positives[columns],
        counts.false_positives[columns],
        counts.false_negatives[columns],
        labels[columns],
        project.target_f1,
        is_ambiguous[columns],
    )
    told = class_scores(counts)
    errors = int((counts.false_positives + counts.false_negatives).sum())
    return {
        found.classes[place]: (
            float(share),
            {
                "f1": _numbers(told[place].f1),
                "recall": _numbers(told[place].recall),
                "precision": _numbers(told[place].precision),
                "support": told[place].support,
                "predicted": told[place].true_positives + told[place].false_positives,
                "labels": int(labels[place]),
                "errors": told[place].false_positives + told[place].false_negatives,
                "all_errors": errors,
                "documents": len(found),
                "target": project.target_f1,
                "is_ambiguous": bool(is_ambiguous[place]),
                "model": version.number,
            },
        )
        for place, share in zip(columns, shares.tolist(), strict=True)
    }


def class_counts(project: Project, found: HeldOut) -> Counts:
    """Right, extra and missed, of each class; documents with the class, or spans of it."""
    if project.kind == Project.Kind.SPANS:
        tables = counts_of_documents(found.truth_spans, found.predicted_spans, len(found.classes))
        right, extra, missed = (_summed(table) for table in tables)
        return Counts(right, extra, missed, len(found))
    return counts_multi(found.truth, found.predicted)


def _summed(table: NDArray[np.int64]) -> NDArray[np.int64]:
    total: NDArray[np.int64] = table.sum(axis=0)
    return total


def _numbers(measure: Measure) -> list[float] | None:
    """[value, low, high]; None where it is undefined."""
    if measure.value is None or measure.interval is None:
        return None
    return [round(n, DIGITS) for n in (measure.value, measure.interval.low, measure.interval.high)]
