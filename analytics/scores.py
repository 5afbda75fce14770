"""How good is one model on some documents? The measures of its kind of project, with their intervals."""

from __future__ import annotations

from analytics.metrics.bootstrap import Outcomes, outcomes_multi, outcomes_single, with_intervals
from analytics.metrics.classification import Report, report_multi, report_single
from analytics.metrics.spans import outcomes_spans, report_spans
from analytics.queries import HeldOut
from analytics.remembered import remembered
from labeling.models import Project


def scores(kind: str, held_out: HeldOut, seed: int = 0) -> Report:
    """Every measure of what a model said of these documents; remembered while nothing of it changes.

    kind : of the project; seed : of the intervals of averages; one model, one seed: no flicker on reload
    """
    parts = (held_out.truth, held_out.predicted)
    if kind == Project.Kind.SPANS:
        return remembered(
            lambda: _scores(kind, held_out, seed),
            f"scores {kind} {held_out.truth_spans} {held_out.predicted_spans} {len(held_out.classes)}",
            seed,
        )
    return remembered(lambda: _scores(kind, held_out, seed), f"scores {kind}", *parts, seed)


def _scores(kind: str, held_out: HeldOut, seed: int) -> Report:
    report, outcomes = _report(kind, held_out)
    return with_intervals(report, outcomes, seed=seed)


def _report(kind: str, held_out: HeldOut) -> tuple[Report, Outcomes]:
    n_classes = len(held_out.classes)
    if kind == Project.Kind.SPANS:
        spans = held_out.truth_spans, held_out.predicted_spans
        return report_spans(*spans, n_classes=n_classes), outcomes_spans(*spans, n_classes=n_classes)
    if kind == Project.Kind.MULTI:
        return report_multi(held_out.truth, held_out.predicted), outcomes_multi(
            held_out.truth, held_out.predicted
        )
    truth, predicted = held_out.truth.argmax(axis=1), held_out.predicted.argmax(axis=1)
    return report_single(truth, predicted, n_classes), outcomes_single(truth, predicted, n_classes)
