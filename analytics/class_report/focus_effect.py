"""Focus effect: what steering has brought. Labels of a class, and the change of its F1 with an interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from analytics.metrics.changes import change, is_beyond_noise
from analytics.metrics.intervals import f1_of_counts, proportion
from analytics.metrics.measures import Measure, gettext_noop, undefined
from analytics.models import Measurement
from labeling.explanations.selection_reason import ReasonKey
from labeling.guidelines.models import LabelClass
from labeling.learning.query_strategies.mix import Share
from labeling.projects.models import Project
from labeling.queue.predicates import latest_answers
from labeling.steering.models import Focus

LATEST = 2_000  # submitted answers that are looked at
NO_MODEL_SINCE = gettext_noop("No model has been evaluated since.")
NO_MODEL_THEN = gettext_noop("No model was evaluated at that time.")
NO_TEST_DOCUMENT = gettext_noop("No test document has this class.")

# Answers to documents that were chosen for a class, by the class and the share that chose them.
BROUGHT = f"""
    SELECT l.reason->>'{ReasonKey.CLASS}', l.reason->>'{ReasonKey.SHARE}', count(*),
           count(*) FILTER (WHERE EXISTS (
               SELECT 1 FROM labeling_label b
               WHERE b.annotation_id = l.annotation_id
                     AND b.label_class_id::text = l.reason->>'{ReasonKey.CLASS}')),
           min((l.reason->>'{ReasonKey.MODEL}')::integer)
    FROM {latest_answers("%(latest)s")} l
    WHERE l.annotation_id > %(since)s
          AND (l.reason->>'{ReasonKey.SHARE}' = '{Share.FOCUS}'
               OR (l.reason->>'{ReasonKey.SHARE}' = '{Share.WEAK_CLASS}' AND l.reason ? '{ReasonKey.NEED}'))
    GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Brought:
    """What one class got by one share of the queue."""

    answers: int  # to documents that were chosen for it
    hits: int  # of them that had the class
    first_model: int | None  # number of the oldest model that chose one of them

    @property
    def rate(self) -> Measure:
        """How often a document that was chosen for the class had it."""
        return proportion(self.hits, self.answers, NO_TEST_DOCUMENT)


@dataclass(frozen=True)
class FocusEffect:
    """One class, steered to by a focus or by its need."""

    label_class: LabelClass
    focus: Focus | None  # None: by its need
    brought: Brought
    before: Measure  # F1
    after: Measure
    recall_before: Measure
    recall_after: Measure

    @property
    def difference(self) -> Measure:
        return change(self.before, self.after)

    @property
    def is_beyond_noise(self) -> bool:
        return is_beyond_noise(self.difference)

    @property
    def ended_at(self) -> datetime | None:
        return self.focus.ended_at if self.focus else None


def focus_effects(project: Project, classes: Mapping[UUID, LabelClass]) -> list[FocusEffect]:
    """The last focus, if it has brought anything, and each class that its need has."""
    focus = Focus.objects.filter(project=project, label_class__in=classes).order_by("-pk").first()
    brought = _brought(project, 0)
    of_focus = _brought(project, focus.since_annotation) if focus else {}
    measured = list(
        Measurement.objects.filter(project=project)
        .order_by("model_version__number")
        .values_list("model_version__number", "classes")
    )
    effects = []
    if focus and (own := of_focus.get((focus.label_class_id, "focus"))):
        number = focus.evidence.get("model") or own.first_model
        effects.append(_achieved(classes[focus.label_class_id], focus, own, number, measured))
    for (class_id, share), own in brought.items():
        if share == "weak_class" and class_id in classes:
            effects.append(_achieved(classes[class_id], None, own, own.first_model, measured))
    return effects


def _achieved(
    label_class: LabelClass,
    focus: Focus | None,
    own: Brought,
    number: int | None,
    measured: list[tuple[int, dict[str, Any]]],
) -> FocusEffect:
    then = [row for row in measured if number is not None and row[0] <= number][-1:]
    since = [row for row in measured if number is not None and row[0] > number][-1:]
    before, recall_before = _measures(then, label_class.pk, NO_MODEL_THEN)
    after, recall_after = _measures(since, label_class.pk, NO_MODEL_SINCE)
    return FocusEffect(label_class, focus, own, before, after, recall_before, recall_after)


def _measures(row: list[tuple[int, dict[str, Any]]], class_id: UUID, reason: str) -> tuple[Measure, Measure]:
    """F1 and recall of a class as a measurement keeps them."""
    counts = row[0][1].get(str(class_id)) if row else None
    if counts is None:
        return undefined(reason), undefined(reason)
    right, extra, missed = counts["tp"], counts["fp"], counts["fn"]
    return f1_of_counts(right, extra, missed), proportion(right, right + missed, NO_TEST_DOCUMENT)


def _brought(project: Project, since: int) -> dict[tuple[UUID, str], Brought]:
    with connection.cursor() as cursor:
        cursor.execute(BROUGHT, {"project": project.pk, "latest": LATEST, "since": since})
        return {
            (UUID(label_class), share): Brought(answers, hits, model)
            for label_class, share, answers, hits, model in cursor.fetchall()
        }
