"""Label errors: labels that a model which never saw them speaks against."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from labeling.annotations.second_opinions import Confirmable, ask, confirmable, labeler_count, proved_right
from labeling.documents.models import Document
from labeling.learning.arrays.class_index import ClassIndex
from labeling.learning.evaluation.label_posterior import (
    DOUBTFUL_THRESHOLD,
    annotator_accuracy,
    answer_weights,
    cross_fitted,
    label_prior,
    posterior,
    weakest_prior,
)
from labeling.projects.models import Project

if TYPE_CHECKING:
    from uuid import UUID

    from labeling.learning.arrays.types import AnyArray, Doubles
    from labeling.learning.classifiers.committee import Committee
    from labeling.learning.storage.feature_store import FeatureStore

MIN_LABELS = 50  # documents with a label from which a model is a witness at all


def review(
    project: Project, classes: Sequence[UUID], committee: Committee, store: FeatureStore, limit: int
) -> dict[int, float]:
    """Ask for second opinions, so that at most `limit` wait.

    Returns the posterior of the answer of each document that waits now. Where fewer than two people label, or
    fewer than `MIN_LABELS` documents have a label, nothing is asked.
    """
    if project.kind == Project.Kind.SPANS or labeler_count(project.pk) < 2:
        return {}
    existing = set(classes)
    candidates = [
        candidate
        for candidate in confirmable(project.pk)
        if candidate.classes <= existing and candidate.position < len(store)
    ]
    if len(candidates) < MIN_LABELS:
        return {}
    chances = dict(
        zip(candidates, _posteriors(project, candidates, classes, committee, store).tolist(), strict=True)
    )
    waiting = {
        candidate.document_id: probability
        for candidate, probability in chances.items()
        if candidate.is_waiting
    }
    least_certain = sorted(
        (
            candidate
            for candidate, probability in chances.items()
            if probability < DOUBTFUL_THRESHOLD and not candidate.is_waiting
        ),
        key=lambda candidate: chances[candidate],
    )
    selected = _with_few_tests(least_certain, limit - len(waiting), project.test_share)
    filters = ask(project.pk, [candidate.document_id for candidate in selected])
    by_id = {candidate.document_id: chances[candidate] for candidate in selected}
    return waiting | {pk: by_id[pk] for pk in filters}


def _with_few_tests(least_certain: Sequence[Confirmable], limit: int, test_share: float) -> list[Confirmable]:
    """The first `limit`, with test documents only at their share of the pool."""
    selected: list[Confirmable] = []
    tests_left = ceil(max(limit, 0) * test_share)
    for candidate in least_certain:
        if len(selected) >= limit:
            break
        if candidate.split == Document.Split.TEST:
            if not tests_left:
                continue
            tests_left -= 1
        selected.append(candidate)
    return selected


def _posteriors(
    project: Project,
    candidates: Sequence[Confirmable],
    classes: Sequence[UUID],
    committee: Committee,
    store: FeatureStore,
) -> Doubles:
    """(n,) chance that each answer is right: by who gave it, and by models that have not seen it."""
    flags = ClassIndex.of(classes).matrix([candidate.classes for candidate in candidates])
    is_single = project.kind == Project.Kind.SINGLE
    labels: AnyArray = flags.argmax(axis=1) if is_single else flags
    rows = store.take(np.array([item.position for item in candidates], dtype=np.int64))
    is_pool = np.array([item.split == Document.Split.POOL for item in candidates])
    posteriors = np.zeros(flags.shape, dtype=np.float32)
    posteriors[is_pool] = cross_fitted(rows.part(np.flatnonzero(is_pool)), labels[is_pool], len(classes))
    if not is_pool.all():  # no model has learned from test documents
        posteriors[~is_pool] = committee.probabilities(rows.part(np.flatnonzero(~is_pool)))
    prior = label_prior(posteriors, labels) if is_single else weakest_prior(posteriors, flags)
    n_choices = len(classes) if is_single else 2
    return posterior(prior, _reliability(project, candidates, n_choices), n_choices)


def _reliability(project: Project, candidates: Sequence[Confirmable], n_classes: int) -> Doubles:
    """(n,) what the annotators' own reliability says for each answer."""
    proved = proved_right(project.pk)
    people = sorted({person for candidate in candidates for person in candidate.annotators})
    right, compared = np.array([proved.get(person, (0, 0)) for person in people]).T
    each = dict(zip(people, answer_weights(annotator_accuracy(right, compared), n_classes), strict=True))
    return np.array(
        [sum(each[person] for person in candidate.annotators) for candidate in candidates], dtype=np.float64
    )
