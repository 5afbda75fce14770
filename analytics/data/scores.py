"""Model scores: how good one model is on some documents. The measures of its kind of project."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.data.content_cache import cached_by_content
from analytics.data.queries import HeldOut
from analytics.metrics.averages import with_intervals
from analytics.metrics.classification import Report, report_multi, report_single
from analytics.metrics.outcomes import Outcomes, outcomes_multi, outcomes_of_documents, outcomes_single
from analytics.metrics.spans import counts_of_documents, report_of_documents
from labeling.projects.models import Project


def scores(kind: str, held_out: HeldOut) -> Report:
    """Every measure of what a model said of these documents; remembered while nothing of it changes.

    kind : of the project
    """
    if kind == Project.Kind.SPANS:
        counts = span_counts(held_out)
        return cached_by_content(
            lambda: with_intervals(report_of_documents(*counts), outcomes_of_documents(*counts)),
            "scores of spans",
            *counts,
        )
    parts = (held_out.truth, held_out.predicted)
    return cached_by_content(lambda: with_intervals(*_report(kind, held_out)), f"scores {kind}", *parts)


def span_counts(held_out: HeldOut) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Spans that are right, extra and missed: three tables of (n_documents, n_classes)."""
    return counts_of_documents(held_out.truth_spans, held_out.predicted_spans, len(held_out.classes))


def _report(kind: str, held_out: HeldOut) -> tuple[Report, Outcomes]:
    n_classes = len(held_out.classes)
    if kind == Project.Kind.MULTI:
        return report_multi(held_out.truth, held_out.predicted), outcomes_multi(
            held_out.truth, held_out.predicted
        )
    truth, predicted = held_out.truth.argmax(axis=1), held_out.predicted.argmax(axis=1)
    return report_single(truth, predicted, n_classes), outcomes_single(truth, predicted, n_classes)
