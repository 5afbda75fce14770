"""What does cross-validation on the labels of the pool say, while the test set is too small to say much?"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from analytics.metrics.classification import ClassScores, Counts, Report, report_counts
from analytics.metrics.measures import gettext_noop, undefined
from labeling.models import ModelVersion

COUNTED_BY_CLASS = gettext_noop("Cross-validation counts classes, not documents.")


@dataclass(frozen=True)
class CrossValidated:
    """Measured on labels that the queue chose, so biased in an unknown direction.

    scores : averages carry no interval, since the counts do not tell which documents went wrong together
    classes : scores of each class that the model knows
    labels : labelled documents that there were
    """

    scores: Report
    classes: dict[UUID, ClassScores]
    labels: int


def cross_validated(version: ModelVersion | None) -> CrossValidated | None:
    """As stored with the model; None where it was not counted: spans, too few labels, older models."""
    stored = version.facts.get("cross_validated") if version else None
    if version is None or not stored:
        return None
    tp, fp, fn = np.array(stored["counts"], dtype=np.int64)
    none = undefined(COUNTED_BY_CLASS)
    scores = report_counts(Counts(tp, fp, fn, int(stored["labels"])), none, none)
    return CrossValidated(
        scores, dict(zip(version.classes, scores.classes, strict=True)), int(stored["labels"])
    )
