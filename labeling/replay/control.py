"""Control arm worker: compares the queue with the labels that it drew at random, while labeling goes on.

After a tenth more labels, in idle time: curve by curve, so that a killed worker loses one. With the last one
it is told what was saved, and the queue falls back towards random sampling or comes back.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from labeling.annotations.ground_truth import LabeledDocument
from labeling.annotations.models import Annotation
from labeling.db.clock import Now
from labeling.documents.models import Document
from labeling.features.pipeline import current_store
from labeling.jobs.models import Job
from labeling.jobs.outbox import beat, enqueue
from labeling.learning.arrays.types import AnyArray, Flags, Integers
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.evaluation.control_arm import (
    MIN_RANDOM,
    N_SHUFFLES,
    LiveSavings,
    live_savings,
    shuffled,
    sizes_to,
)
from labeling.learning.evaluation.label_savings import QualityCurve
from labeling.learning.query_strategies.random_fallback import Fallback
from labeling.learning.storage.feature_store import FeatureStore
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.queue.models import Lease
from labeling.replay.actions import MAX_TEST, MIN_TEST, sampled_annotations, tested_documents
from labeling.replay.control_counts import drawn_at_random, labeled_test_documents, random_labels
from labeling.steering.actions import falls_back, latest_comparison
from labeling.steering.models import ControlComparison
from labeling.training.auxiliary import auxiliary_data_for
from labeling.training.dataset import labels_before, read_training_set
from labeling.training.tuning import hyperparameters_of

GROWTH = 1.1  # times the labels of the last comparison
MAX_RANDOM = 2_000  # labels of the random arm, the first: from there on more of them show hardly more
RUN_SECONDS = 20  # then other work has its turn
MAX_SAVED = 20  # comparisons of a project


def run_comparison(job: Job) -> None:
    """Draw the next curves for RUN_SECONDS and queue the rest; with the last one, tell what they say."""
    project = Project.objects.active().filter(pk=job.project_id).first()
    store = current_store(project) if project else None
    if project is None or store is None or project.kind == Project.Kind.SPANS:
        return
    comparison = ControlComparison.objects.filter(project=project, finished_at=None).first()
    comparison = comparison or _begun(project, store)
    if len(comparison.random_annotations) < MIN_RANDOM or len(comparison.test_annotations) < MIN_TEST:
        conclude(job, comparison, None)
        return
    ends = time.monotonic() + RUN_SECONDS
    material = _material(comparison, store)
    curves = _unpacked(bytes(comparison.curves))
    while len(curves) <= N_SHUFFLES:
        curves.append(material.curve(len(curves), lambda: beat(job)))
        ControlComparison.objects.filter(pk=comparison.pk).update(curves=_packed(curves))
        if time.monotonic() > ends and len(curves) <= N_SHUFFLES:
            enqueue(project.pk, Job.Kind.COMPARE)
            return
    conclude(job, comparison, material.savings(curves, comparison))


@dataclass(frozen=True)
class Material:
    """What a comparison works with.

    rows : (n,) positions of the queue's labels in their order; is_random : (n,)
    decide : from numbers of rows to what a model that learned from them decides of the test documents
    """

    rows: Integers
    is_random: Flags
    decide: Callable[[Integers], AnyArray]
    truth: AnyArray
    n_classes: int

    def sizes(self, number: int) -> list[int]:
        """Of the queue's curve, which is number 0, or of one of the random labels."""
        return sizes_to(int(self.is_random.sum()) if number else len(self.rows))

    def curve(self, number: int, on_step: Callable[[], None]) -> AnyArray:
        """(n_sizes, n_test) or (n_sizes, n_test, n_classes)."""
        rows = shuffled(np.arange(len(self.rows)), self.is_random, number)
        decided = []
        for size in self.sizes(number):
            decided.append(self.decide(rows[:size]))
            on_step()
        return np.stack(decided)

    def savings(self, curves: list[AnyArray], comparison: ControlComparison) -> LiveSavings:
        queue, *random = (
            QualityCurve(np.array(self.sizes(number)), curve) for number, curve in enumerate(curves)
        )
        return live_savings(
            queue,
            random,
            self.truth,
            self.n_classes,
            pool_size=comparison.pool_size,
            seed=comparison.pk,
        )


def _begun(project: Project, store: FeatureStore) -> ControlComparison:
    """A comparison of the labels of now: those that the queue brought, in their order."""
    training_set = read_training_set(project)
    leases = Lease.objects.filter(project=project, state=Lease.State.SUBMITTED, round=0)
    served = set(leases.values_list("document", flat=True))
    sampled = set(drawn_at_random(project).values_list("document", flat=True))
    documents = [d for d in training_set.documents if d.document_id in served and d.position < len(store)]
    documents.sort(key=lambda document: document.annotation_id)
    test = [d for d in tested_documents(project, set(training_set.classes)) if d.position < len(store)]
    newest = project.model_versions.ready().first()
    return ControlComparison.objects.create(
        project=project,
        label_count=newest.label_count if newest else len(training_set.documents),
        pool_size=Document.objects.pool().filter(project=project).count(),
        classes=training_set.classes,
        annotations=_annotations(documents),
        random_annotations=_annotations([d for d in documents if d.document_id in sampled])[:MAX_RANDOM],
        test_annotations=sampled_annotations(project, test, MAX_TEST),
    )


def _annotations(documents: list[LabeledDocument]) -> list[int]:
    return [document.annotation_id for document in documents]


def _material(comparison: ControlComparison, store: FeatureStore) -> Material:
    project, n_classes = comparison.project, len(comparison.classes)
    positions, labels = labels_before(comparison.annotations, comparison.classes)
    of_positions = Annotation.objects.filter(pk__in=comparison.annotations).order_by("document__position")
    annotations = np.array(of_positions.values_list("pk", flat=True), dtype=np.int64)
    in_order = np.argsort(annotations)
    positions, labels, annotations = positions[in_order], labels[in_order], annotations[in_order]
    test_positions, truth = labels_before(comparison.test_annotations, comparison.classes)
    is_single = project.kind == Project.Kind.SINGLE
    if is_single:
        labels, truth = labels.argmax(axis=1), truth.argmax(axis=1)
    rows, test = store.take(positions), store.take(test_positions)
    auxiliary = auxiliary_data_for(project, store, comparison.classes)
    hyperparameters = hyperparameters_of(project)

    def decide(chosen: Integers) -> AnyArray:
        committee = fit_committee(
            rows.part(chosen),
            labels[chosen],
            n_classes,
            auxiliary=auxiliary,
            hyperparameters=hyperparameters,
        )
        decided = committee.decide(committee.probabilities(test))
        return decided.argmax(axis=1).astype(np.int16) if is_single else decided

    is_random = np.isin(annotations, comparison.random_annotations)
    return Material(positions, is_random, decide, truth, n_classes)


@transaction.atomic
def conclude(job: Job, comparison: ControlComparison, savings: LiveSavings | None) -> None:
    """Keep what was found, and let the queue react; without a result it stays where it is."""
    project = Project.objects.select_for_update(no_key=True).get(pk=comparison.project_id)
    beat(job)
    before = latest_comparison(project)
    was = before.fallback if before else Fallback()
    now = was.after(savings.gain.low, savings.gain.high) if savings else was
    since = before.fallen_since if before and was.level else Now()
    ControlComparison.objects.filter(pk=comparison.pk).update(
        result=savings.to_json() if savings else None,
        finished_at=Now(),
        curves=b"",
        level=now.level,
        calm=now.calm,
        falls=now.falls,
        fallen_since=since if now.level else None,
    )
    saved = list(ControlComparison.objects.filter(project=project).values_list("pk", flat=True)[:MAX_SAVED])
    ControlComparison.objects.filter(project=project).exclude(pk__in=saved).delete()
    if now.level != was.level and falls_back(project):
        enqueue(project.pk, Job.Kind.RANK)


def _packed(curves: list[AnyArray]) -> bytes:
    held = io.BytesIO()
    np.savez_compressed(held, *curves)
    return held.getvalue()


def _unpacked(packed: bytes) -> list[AnyArray]:
    if not packed:
        return []
    with np.load(io.BytesIO(packed), allow_pickle=False) as held:
        return [held[f"arr_{number}"] for number in range(len(held.files))]


def enqueue_due() -> None:
    """Queue a comparison for every project with a tenth more labels than at its last one, and enough of both.

    Work that failed and waits for its next attempt holds up nothing.
    """
    ready = ModelVersion.objects.ready().filter(project=OuterRef("pk"))
    compared = ControlComparison.objects.filter(project=OuterRef("pk")).order_by("-id")
    projects = (
        Project.objects.active()
        .exclude(kind=Project.Kind.SPANS)
        .filter(strategy=Project.Strategy.DEFAULT)
        .exclude(pk__in=Job.objects.filter(kind=Job.Kind.COMPARE).values("project"))
        .annotate(
            labels=Subquery(ready.values("label_count")[:1]),
            compared=Coalesce(Subquery(compared.values("label_count")[:1]), 0),
        )
        .filter(labels__gt=MIN_RANDOM - 1, labels__gte=GROWTH * F("compared"))
    )
    for project in projects:
        has_tests = labeled_test_documents(project, MIN_TEST) == MIN_TEST
        if has_tests and random_labels(project, MIN_RANDOM) == MIN_RANDOM:
            enqueue(project.pk, Job.Kind.COMPARE)
