"""Training schedule: the labels since the last model, and whether it is time to learn from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import numpy as np
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from labeling.annotations.ground_truth import LabeledDocument, labeled_documents
from labeling.annotations.models import Annotation, Label
from labeling.db.clock import Now
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.learning.arrays.class_index import ClassIndex
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project

MIN_NEW_LABELS = 10
NEW_LABELS_SHARE = 0.05  # of those the last model saw
IDLE_SECONDS = 60  # a pause of the team is a good moment too


@dataclass(frozen=True)
class TrainingSet:
    """What one run learns from."""

    project: Project
    classes: list[UUID]  # the order of every probability vector
    documents: list[LabeledDocument]
    through: int  # the last annotation that was there when it was read

    @property
    def is_enough(self) -> bool:
        """Two classes seen, or for spans and several classes one."""
        seen = {label_class for document in self.documents for label_class in document.classes}
        return len(seen) >= (2 if self.project.kind == Project.Kind.SINGLE else 1)


def due_projects() -> list[Project]:
    """Projects that a training is due for. One look finds those in which anything was said since the last.

    Where one is queued or under way none is due: it reads what was said, or a later look finds the rest.
    """
    last_run = ModelVersion.objects.exclude(state=ModelVersion.State.TRAINING).filter(project=OuterRef("pk"))
    spoken_since = Annotation.objects.filter(project=OuterRef("pk"), pk__gt=OuterRef("through"))
    projects: QuerySet[Project] = (
        Project.objects.active()
        .exclude(pk__in=Job.objects.filter(kind=Job.Kind.TRAIN, next_attempt_at=None).values("project"))
        .annotate(through=Coalesce(Subquery(last_run.order_by("-number").values("trained_through")[:1]), 0))
        .filter(Exists(spoken_since))
    )
    return [project for project in projects if is_due(project)]


def is_due(project: Project) -> bool:
    """Whether enough has been labeled since the last run, or something has and the team pauses.

    Counted from the annotations themselves, so that nothing can be jumped over.
    """
    last = project.model_versions.exclude(state=ModelVersion.State.TRAINING).order_by("-number").first()
    through, seen = (last.trained_through, last.label_count) if last else (0, 0)
    target = max(MIN_NEW_LABELS, int(NEW_LABELS_SHARE * seen))
    newer = Annotation.objects.filter(project=project, pk__gt=through).order_by("pk")
    count = newer[:target].count()
    if count == 0 or (last is None and not read_training_set(project).is_enough):
        return False
    return (
        count >= target or not newer.filter(created_at__gt=Now() - timedelta(seconds=IDLE_SECONDS)).exists()
    )


def read_training_set(project: Project) -> TrainingSet:
    """The labels of now. What arrives while they are read counts for the next run."""
    through = Annotation.objects.filter(project=project).aggregate(Max("pk"))["pk__max"] or 0
    classes = list(LabelClass.objects.active().filter(project=project).values_list("pk", flat=True))
    existing = set(classes)
    documents = [d for d in labeled_documents(project.pk, "pool") if d.classes <= existing]
    return TrainingSet(project, classes, documents, through)


def labels_per_class(training_set: TrainingSet) -> dict[str, int]:
    """How many labels of each class there are to learn from: what a learning curve is drawn over."""
    counts = Counter(
        label_class for document in training_set.documents for label_class, _, _ in document.labels
    )
    return {str(label_class): counts[label_class] for label_class in training_set.classes}


def targets(kind: str, classes: list[UUID], documents: list[LabeledDocument]) -> np.ndarray:
    """Class numbers (n,) for one class a document, flags (n, n_classes) for several."""
    class_index = ClassIndex.of(classes)
    if kind == Project.Kind.SINGLE:
        return np.array([class_index.column(next(iter(d.classes))) for d in documents], dtype=np.int64)
    return class_index.matrix([document.classes for document in documents])


def labels_before(annotations: Sequence[int], classes: Sequence[UUID]) -> tuple[np.ndarray, np.ndarray]:
    """What these annotations said: places in the store, rising (n,), and the classes as flags (n, n_classes).

    Annotations never change, so their numbers hold the labels of a moment for as long as work on them takes.
    """
    queryset = Annotation.objects.filter(pk__in=annotations).order_by("document__position")
    rows = list(queryset.values_list("pk", "document__position"))
    labels: dict[int, list[UUID]] = {pk: [] for pk, _ in rows}
    named = Label.objects.filter(annotation__in=annotations).values_list("annotation", "label_class")
    for pk, label_class in named:
        labels[pk].append(label_class)
    positions = np.array([position for _, position in rows], dtype=np.int64)
    return positions, ClassIndex.of(classes).matrix(list(labels.values()))
