"""Class targets: what managers and the classes' own weakness ask of the next head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from labeling.annotations.ground_truth import label_counts
from labeling.db.clock import Now
from labeling.documents.models import Document
from labeling.explanations.needs import describe_need
from labeling.explanations.selection_reason import NeedReason
from labeling.guidelines.models import LabelClass
from labeling.learning.arrays.class_index import ClassIndex
from labeling.learning.query_strategies.class_weights import (
    AMBIGUOUS_THRESHOLD,
    class_agreement,
    prequential_f1,
    weak_class_weights,
)
from labeling.learning.query_strategies.mix import (
    MAX_NEEDS_SHARE,
    MAX_SEEDED_CLASSES,
    Mix,
    SelectionTargets,
    Share,
    rare_classes,
)
from labeling.predictions.prequential import prequential
from labeling.projects.models import Project
from labeling.queue.predicates import latest_answers
from labeling.steering.actions import SEED_SEARCH_THRESHOLD, mix_in_use
from labeling.steering.models import ClassNeed, Focus

FOCUS_SHARE = 0.3  # of the head, for each class that a manager asked for

# The latest answers to documents that several people answered, with their classes.
COMPARED = f"""
    SELECT l.document_id, ARRAY(SELECT b.label_class_id::text FROM labeling_label b
                                WHERE b.annotation_id = l.annotation_id)
    FROM (SELECT *, count(*) OVER (PARTITION BY document_id, round) AS answers
          FROM {latest_answers(2_000)} latest) l
    WHERE l.answers > 1
"""


def selection_targets_for(project: Project, classes: Sequence[UUID]) -> SelectionTargets:
    """Weights of the shares for single classes, and what managers want. `classes` gives their numbers."""
    class_index = ClassIndex.of(classes)
    counts = _counts(project, class_index)
    pairs = [
        (class_index.column(prediction.label_class), class_index.column(true_label))
        for prediction in prequential(project.pk)
        if len(prediction.true_labels) == 1 and prediction.share != Share.TEST  # the test set steers nothing
        for true_label in prediction.true_labels
        if class_index.holds((prediction.label_class, true_label))
    ]
    predicted, true_labels = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    f1 = prequential_f1(predicted, true_labels, len(classes))
    weakness = weak_class_weights(f1, counts, ambiguous_classes(project, classes))
    mix = mix_in_use(project, len(classes))
    rows = [need for need in _set_needs(project) if need.label_class_id in class_index]
    if any(need.mode == ClassNeed.Mode.AUTOMATIC and need.share is not None for need in rows):
        weakness = np.zeros(len(classes))  # the reports know better
    weakness[class_index.columns(need.label_class_id for need in rows)] = 0.0
    focus = _focus(project, class_index)  # a manager's wish for a class takes the place of its need
    needs = _needs(rows, class_index, _most_needed(mix, len(classes)))
    return SelectionTargets(
        weakness=weakness,
        needs={number: share for number, share in needs.items() if number not in focus},
        target_classes=rare_classes(counts) if project.kind == Project.Kind.SINGLE else frozenset(),
        focus=focus,
        mix=mix,
    )


def most_needed(project: Project) -> float:
    """The part of the head that the needs of all classes may have together."""
    n_classes = LabelClass.objects.active().filter(project=project).count()
    return _most_needed(mix_in_use(project, n_classes), n_classes)


def _most_needed(mix: Mix, n_classes: int) -> float:
    return MAX_NEEDS_SHARE if mix == Mix.usual(n_classes) else mix.weak_class


def described_needs(project: Project) -> dict[UUID, NeedReason]:
    """Why classes get their share, where a report measured it or a manager set it."""
    return {
        need.label_class_id: describe_need(need.evidence, need.mode == ClassNeed.Mode.BY_HAND)
        for need in _set_needs(project)
        if need.share
    }


def seed_words(project: Project, classes: Sequence[UUID]) -> dict[int, list[str]]:
    """Class number to its seed words, of the rarest classes that have some and need them.

    A class needs them while it has fewer than `SEED_SEARCH_THRESHOLD` labels or a focus stands on it.
    """
    seeded = LabelClass.objects.active().filter(project=project).exclude(seed_words=[])
    words = dict(seeded.values_list("pk", "seed_words"))
    if not words:
        return {}
    class_index = ClassIndex.of(classes)
    counts = _counts(project, class_index)
    focused = set(Focus.objects.standing().filter(project=project).values_list("label_class", flat=True))
    needy = [
        pk
        for pk in words
        if pk in class_index and (counts[class_index.column(pk)] < SEED_SEARCH_THRESHOLD or pk in focused)
    ]
    needy.sort(key=lambda pk: (counts[class_index.column(pk)], class_index.column(pk)))
    return {class_index.column(pk): words[pk] for pk in needy[:MAX_SEEDED_CLASSES]}


def _counts(project: Project, class_index: ClassIndex) -> np.ndarray:
    counts = np.zeros(len(class_index), dtype=np.int64)
    for (label_class, split), count in label_counts(project.pk).items():
        if label_class in class_index and split == Document.Split.POOL:
            counts[class_index.column(label_class)] = count
    return counts


def ambiguous_classes(project: Project, classes: Sequence[UUID]) -> np.ndarray:
    """(n_classes,) bool: annotators disagree on the class, so more labels help it less."""
    answers = _rows(COMPARED, project)
    labels = ClassIndex.of(classes).matrix([map(UUID, named) for _document, named in answers])
    documents = np.array([document for document, _named in answers], dtype=np.int64)
    agreement = class_agreement(labels, documents)
    return np.nan_to_num(agreement, nan=1.0) < AMBIGUOUS_THRESHOLD


def _set_needs(project: Project) -> list[ClassNeed]:
    """What somebody or a report has set, of classes in use; nothing where the reports do not steer."""
    if not project.is_steered or project.strategy != Project.Strategy.DEFAULT:
        return []
    needs = ClassNeed.objects.filter(project=project, label_class__in=LabelClass.objects.active())
    return list(needs.exclude(mode=ClassNeed.Mode.AUTOMATIC, share=None))


def _needs(rows: list[ClassNeed], class_index: ClassIndex, most: float) -> dict[int, float]:
    """Their shares, together at most `most`: those set by hand first, the others share what is left."""
    weights: dict[int, float] = {}
    for mode in (ClassNeed.Mode.BY_HAND, ClassNeed.Mode.AUTOMATIC):
        shares = {
            class_index.column(need.label_class_id): need.share
            for need in rows
            if need.mode == mode and need.share
        }
        whole, left = sum(shares.values()), max(0.0, most - sum(weights.values()))
        weights |= {number: share * min(1.0, left / whole) for number, share in shares.items() if left}
    return weights


def _focus(project: Project, class_index: ClassIndex) -> dict[int, float]:
    """Standing wishes; those that are met end here."""
    shares: dict[int, float] = {}
    for focus in Focus.objects.standing().filter(project=project):
        if focus.labels_so_far >= focus.wanted_labels:
            Focus.objects.filter(pk=focus.pk).update(ended_at=Now())
        elif focus.label_class_id in class_index:
            shares[class_index.column(focus.label_class_id)] = FOCUS_SHARE
    return shares


def _rows(statement: str, project: Project) -> list[tuple[Any, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"project": project.pk})
        return list(cursor.fetchall())
