"""Replay requests: can a project's own labels tell what the queue has saved? Asked here, answered later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.annotations.ground_truth import LabeledDocument, labeled_documents
from labeling.annotations.models import Annotation, Resolution
from labeling.documents.models import Document
from labeling.exceptions import NothingToReplay
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.projects.members import manager_of
from labeling.projects.models import Project
from labeling.replay.models import Replay
from labeling.training.dataset import TrainingSet, read_training_set

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from django.contrib.auth.models import User

MIN_POOL = 100  # labeled documents of the pool; with fewer a curve ends before it says anything
PLENTY = 1_000  # settled documents of either: more than enough, whatever drops out
MIN_TEST = 30  # labeled test documents; with fewer every curve lies within the noise of the others
MAX_POOL = 2_000  # documents replayed
MAX_TEST = 1_000
NO_SPANS = gettext_lazy("Replays are not available for span labeling yet.")


@dataclass(frozen=True)
class Material:
    """What a replay would have to work with now."""

    training_set: TrainingSet
    test: list[LabeledDocument]

    @property
    def pool_missing(self) -> int:
        """Labeled documents of the pool that are missing."""
        return max(0, MIN_POOL - len(self.training_set.documents))

    @property
    def test_missing(self) -> int:
        """Labeled test documents that are missing."""
        return max(0, MIN_TEST - len(self.test))

    @property
    def why_not(self) -> str:
        """What is needed before a replay says anything; empty where nothing is."""
        project = self.training_set.project
        if project.kind == Project.Kind.SPANS:
            return str(NO_SPANS)
        if self.pool_missing or self.test_missing:
            return _too_few(len(self.training_set.documents), len(self.test))
        if not self.training_set.is_enough or project.feature_edition == 0:
            return _("A replay needs labels of at least two classes and document features.")
        return ""


def material_of(project: Project) -> Material:
    """The labels of now."""
    training_set = read_training_set(project)
    return Material(training_set, tested_documents(project, set(training_set.classes)))


def why_not(project: Project) -> str:
    """What is needed before a replay can be asked for, without reading all labels of a large project."""
    if project.kind == Project.Kind.SPANS:
        return str(NO_SPANS)
    settled = Resolution.objects.filter(project=project)
    of_pool, of_test = (
        settled.filter(document__split=split) for split in (Document.Split.POOL, Document.Split.TEST)
    )
    # Near-duplicates and the like are in these counts: a few documents are read and looked at one by one.
    if project.feature_edition == 0 or of_pool[:PLENTY].count() < PLENTY:
        return material_of(project).why_not
    if of_test[:PLENTY].count() == PLENTY:
        return ""
    tested = len(tested_documents(project, set(project.classes.active().values_list("pk", flat=True))))
    return _too_few(of_pool.count(), tested) if tested < MIN_TEST else ""


def _too_few(pool: int, test: int) -> str:
    return _(
        "A replay needs {pool} labeled pool documents and {test} labeled test documents. The "
        "project has {pool_now} and {test_now}."
    ).format(pool=MIN_POOL, test=MIN_TEST, pool_now=pool, test_now=test)


def tested_documents(project: Project, existing: set[UUID]) -> list[LabeledDocument]:
    """Labeled test documents whose classes are all among the existing ones."""
    return [d for d in labeled_documents(project.pk, "test") if d.classes <= existing]


@transaction.atomic
def ask(project_id: int, manager: User) -> Replay:
    """Have the labels of now replayed in the background; the replay under way where there is one.

    Work that failed is tried again at once, from where it stopped. Raises NotAllowed, NothingToReplay.
    """
    manager_of(project_id, manager)
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)  # two askers take turns
    replay = Replay.objects.filter(project=project, finished_at=None).first()
    if replay is None:
        material = material_of(project)
        if material.why_not:
            raise NothingToReplay(material.why_not)
        replay = Replay.objects.create(
            project=project,
            asked_by=manager,
            classes=material.training_set.classes,
            pool_annotations=sampled_annotations(project, material.training_set.documents, MAX_POOL),
            test_annotations=sampled_annotations(project, material.test, MAX_TEST),
            label_count=len(material.training_set.documents),
            seconds_per_answer=Annotation.objects.filter(project=project).median_seconds(),
            answers_per_document=project.overlap,
        )
    outbox.retry(project_id, Job.Kind.REPLAY)
    return replay


def sampled_annotations(project: Project, documents: Sequence[LabeledDocument], limit: int) -> list[int]:
    """The annotations of so many of them, drawn by their random keys."""
    if len(documents) > limit:
        ids = [d.document_id for d in documents]
        kept = Document.objects.filter(project=project, pk__in=ids).order_by("random_key")[:limit]
        chosen = set(kept.values_list("pk", flat=True))
        documents = [d for d in documents if d.document_id in chosen]
    return [d.annotation_id for d in documents]
