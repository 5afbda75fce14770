"""Cross-validated scores: from the labels of the pool, while the test set is too small to say much."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from analytics.metrics.classification import ClassScores, Counts, Report, report_counts
from analytics.metrics.measures import gettext_noop, undefined
from labeling.predictions.models import ModelVersion

COUNTED_BY_CLASS = gettext_noop("Cross-validation is evaluated per class, not per document.")


@dataclass(frozen=True)
class CrossValidated:
    """Measured on labels that the queue chose, so biased in an unknown direction.

    scores : averages carry no interval, since the counts do not tell which documents went wrong together
    classes : scores of each class that the model knows
    labels : labeled documents that there were
    """

    scores: Report
    classes: dict[UUID, ClassScores]
    labels: int


def cross_validated(version: ModelVersion | None, active: Collection[UUID]) -> CrossValidated | None:
    """As stored with the model, of the classes of now; None where it was not counted.

    active : classes that are not retired: averages hold no other, as those of the test set do
    Until the next training, documents of a retired class still count against those they were taken for.
    """
    stored = version.metadata.cross_validated if version else None
    if version is None or stored is None:
        return None
    kept = [column for column, pk in enumerate(version.classes) if pk in active]
    tp, fp, fn = np.array(stored.counts, dtype=np.int64)[:, kept]
    none = undefined(COUNTED_BY_CLASS)
    scores = report_counts(Counts(tp, fp, fn, stored.labels), none, none)
    classes = dict(zip((version.classes[column] for column in kept), scores.classes, strict=True))
    return CrossValidated(scores, classes, stored.labels)
