"""Import undo: all that one brought goes, as one step, as long as nobody has answered its documents.

Places in the feature store are never given again: what stores keep there belongs to no document any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import ngettext

from labeling.annotations.models import Annotation, Label, Resolution
from labeling.annotations.resolution import reconsider
from labeling.db.clock import Now
from labeling.documents.imports import ImportJob
from labeling.documents.models import Document
from labeling.exceptions import ImportIsInUse, WrongState
from labeling.exchange.import_jobs import job_of
from labeling.guidelines.models import ClassRule, LabelClass
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.projects.models import Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User

BATCH_SIZE = 10_000  # documents and answers that a request removes: a few seconds; a worker removes more

_OURS = "SELECT id FROM labeling_document WHERE import_job_id = %(job)s"
_ANSWERS = "SELECT id FROM labeling_annotation WHERE import_job_id = %(job)s"
# By rising id, as everybody locks several documents: after that nobody claims or answers one of them.
LOCK = """
    SELECT count(*) FROM (
        SELECT 1 FROM labeling_document d
        WHERE d.import_job_id = %(job)s
           OR d.id IN (SELECT document_id FROM labeling_annotation WHERE import_job_id = %(job)s)
        ORDER BY d.id FOR UPDATE
    ) locked
"""
IN_USE = """
    SELECT count(*) FILTER (WHERE is_answered), count(*) FILTER (WHERE NOT is_answered AND is_labeled),
           count(*) FILTER (WHERE is_held)
    FROM (
        SELECT EXISTS (SELECT 1 FROM labeling_annotation a
                       WHERE a.document_id = d.id AND a.source <> 'import')
               OR EXISTS (SELECT 1 FROM labeling_question q WHERE q.document_id = d.id) AS is_answered,
               EXISTS (SELECT 1 FROM labeling_annotation a
                       WHERE a.document_id = d.id AND a.source = 'import'
                         AND a.import_job_id IS DISTINCT FROM %(job)s) AS is_labeled,
               EXISTS (SELECT 1 FROM labeling_lease l
                       WHERE l.document_id = d.id AND l.state = 'live') AS is_held
        FROM labeling_document d WHERE d.import_job_id = %(job)s
    ) found
"""
# What hangs on the documents and answers; the order is that of the references among them.
REMOVE = (
    f"DELETE FROM labeling_label WHERE annotation_id IN ({_ANSWERS})",
    f"DELETE FROM labeling_resolution WHERE annotation_id IN ({_ANSWERS})",
    "DELETE FROM labeling_annotation WHERE import_job_id = %(job)s",
    f"DELETE FROM labeling_queueentry WHERE document_id IN ({_OURS})",
    f"DELETE FROM labeling_pickeddocument WHERE document_id IN ({_OURS})",
    f"DELETE FROM labeling_prediction WHERE document_id IN ({_OURS})",
    f"DELETE FROM labeling_heldoutprediction WHERE document_id IN ({_OURS})",
    f"DELETE FROM labeling_documentlanguage WHERE document_id IN ({_OURS})",
    f"DELETE FROM labeling_lease WHERE document_id IN ({_OURS})",
)
GROUPS = f"""
    SELECT DISTINCT near_duplicate_group FROM labeling_document
    WHERE near_duplicate_group IS NOT NULL AND id IN ({_OURS})
"""
# A group's number is its lowest position; one document alone is no group.
REGROUP = """
    WITH left_over AS (
        SELECT id, min(position) OVER (PARTITION BY near_duplicate_group) AS lowest,
               count(*) OVER (PARTITION BY near_duplicate_group) AS size
        FROM labeling_document
        WHERE project_id = %(project)s AND near_duplicate_group = ANY(%(groups)s)
    )
    UPDATE labeling_document d
    SET near_duplicate_group = CASE WHEN left_over.size > 1 THEN left_over.lowest END
    FROM left_over WHERE left_over.id = d.id
"""
REMOVE_DOCUMENTS = "DELETE FROM labeling_document WHERE import_job_id = %(job)s"


@dataclass(frozen=True)
class UndoEffect:
    """What undoing an import would remove, and what keeps it from being undone."""

    documents: int
    labels: int  # answers that came with it, also of documents that were here before
    classes: int  # that it added and nothing else uses
    answered: int  # its documents that people or machines have answered, or asked about
    labeled_elsewhere: int  # its documents that another import brought labels for
    held: int  # its documents that somebody has open at this moment

    @property
    def is_possible(self) -> bool:
        return not self.answered and not self.labeled_elsewhere

    @property
    def obstacle(self) -> str:
        """Why it cannot be undone; empty where it can."""
        reasons = []
        if self.answered:
            reasons.append(
                ngettext(
                    "{n} of its documents has been labeled or asked about since.",
                    "{n} of its documents have been labeled or asked about since.",
                    self.answered,
                ).format(n=self.answered)
            )
        if self.labeled_elsewhere:
            reasons.append(
                ngettext(
                    "{n} of its documents has labels of another import. Undo that import first.",
                    "{n} of its documents have labels of another import. Undo that import first.",
                    self.labeled_elsewhere,
                ).format(n=self.labeled_elsewhere)
            )
        return " ".join(reasons)


def undo_effect(project_id: int, manager: User, job_id: UUID) -> UndoEffect:
    """Count what undoing would remove; nothing is changed. Raises NotFound, NotAllowed."""
    return effect_of(job_of(project_id, manager, job_id))


def undo(project_id: int, manager: User, job_id: UUID) -> ImportJob:
    """Remove an import's documents, labels and classes; a large one is left to a worker. Safe to repeat.

    What the import only touched keeps what it had. Raises NotFound, NotAllowed, WrongState for an import that
    is under way, and ImportIsInUse.
    """
    job = job_of(project_id, manager, job_id)
    effect = effect_of(job)
    if effect.documents + effect.labels <= BATCH_SIZE or job.state == ImportJob.State.UNDONE:
        remove(job)
    else:
        _check(job, effect)
        waits = ImportJob.objects.filter(pk=job.pk, state__in=ImportJob.UNDOABLE)
        if waits.update(state=ImportJob.State.UNDOING, failure="", heartbeat_at=Now()):
            outbox.enqueue(project_id, Job.Kind.IMPORT)
    job.refresh_from_db()
    return job


@translation.override("en")  # what is stored of it is in no reader's language
def remove_waiting(job: Job) -> None:
    """Undo the project's imports that wait for it: what a worker does when told."""
    for import_job in ImportJob.objects.filter(project=job.project_id, state=ImportJob.State.UNDOING):
        try:
            remove(import_job)
        except ImportIsInUse as error:  # answered since somebody asked for it
            ImportJob.objects.filter(pk=import_job.pk, state=ImportJob.State.UNDOING).update(
                state=ImportJob.State.DONE, failure=error.message
            )
        outbox.beat(job)


@transaction.atomic
def remove(job: ImportJob) -> None:
    """All of it or nothing. Raises WrongState, ImportIsInUse."""
    # The project first, as imports lock it, which then wait; then the documents.
    project = Project.objects.select_for_update(no_key=True).get(pk=job.project_id)
    job = ImportJob.objects.select_for_update(no_key=True).get(pk=job.pk)
    if job.state == ImportJob.State.UNDONE:
        return
    parameters: dict[str, Any] = {"job": job.pk, "project": project.pk}
    with connection.cursor() as cursor:
        cursor.execute(LOCK, parameters)
        _check(job, effect_of(job))
        # The database lets answers of an import in this state go, and no others.
        ImportJob.objects.filter(pk=job.pk).update(state=ImportJob.State.UNDOING)
        reopened = _settled_by(job)
        has_labels = Annotation.objects.filter(import_job=job).exists()
        cursor.execute(GROUPS, parameters)
        groups = [number for (number,) in cursor.fetchall()]
        for statement in REMOVE:
            cursor.execute(statement, parameters)
        cursor.execute(REMOVE_DOCUMENTS, parameters)
        removed = cursor.rowcount
        cursor.execute(REGROUP, parameters | {"groups": groups})
    _settle_again(project, reopened)
    Project.objects.filter(pk=project.pk).update(removed_count=F("removed_count") + removed)
    _remove_classes(job)
    ImportJob.objects.filter(pk=job.pk).update(
        state=ImportJob.State.UNDONE, finished_at=Now(), failure="", added_classes=[]
    )
    _enqueue(project, has_labels=has_labels, removed=removed)


def _check(job: ImportJob, effect: UndoEffect) -> None:
    if job.state not in (*ImportJob.UNDOABLE, ImportJob.State.UNDOING):
        raise WrongState(f"({job.state})")
    if not effect.is_possible:
        raise ImportIsInUse(effect.obstacle)


def effect_of(job: ImportJob) -> UndoEffect:
    """The same for whoever need not ask."""
    with connection.cursor() as cursor:
        cursor.execute(IN_USE, {"job": job.pk})
        answered, elsewhere, held = cursor.fetchone()
    return UndoEffect(
        documents=Document.objects.filter(import_job=job).count(),
        labels=Annotation.objects.filter(import_job=job).count(),
        classes=len(_free_classes(job)),
        answered=answered,
        labeled_elsewhere=elsewhere,
        held=held,
    )


def _settled_by(job: ImportJob) -> list[int]:
    """Documents of others that this import's labels settled."""
    settled = Resolution.objects.filter(annotation__import_job=job)
    others = settled.exclude(document__import_job=job)
    return list(others.order_by("document").values_list("document", flat=True))


def _settle_again(project: Project, reopened: list[int]) -> None:
    """Documents that lost what settled them: by what else was said of them, else they are open."""
    lost = Document.objects.filter(pk__in=reopened)
    has_answers = Q(annotations__isnull=False) | Q(leases__isnull=False)
    spoken = set(lost.filter(has_answers).values_list("pk", flat=True))
    lost.exclude(pk__in=spoken).update(state=Document.State.OPEN)
    for document in lost.filter(pk__in=spoken).order_by("pk"):
        reconsider(document, project.overlap + document.extra_slots)


def _free_classes(job: ImportJob) -> list[LabelClass]:
    """Classes that the import added, that no answer of anybody else and no rule names."""
    if not job.added_classes:
        return []
    used = Label.objects.filter(label_class__in=job.added_classes).exclude(annotation__import_job=job)
    ruled = ClassRule.objects.filter(label_class__in=job.added_classes)
    taken = {*used.values_list("label_class", flat=True), *ruled.values_list("label_class", flat=True)}
    merged = Q(merged_from__isnull=False) | Q(merged_into__isnull=False)
    free = LabelClass.objects.filter(project=job.project_id, pk__in=job.added_classes).exclude(merged)
    return [label_class for label_class in free if label_class.pk not in taken]


def _remove_classes(job: ImportJob) -> None:
    """A class that a model has learned is retired, since its probabilities are told by it; others go."""
    for label_class in _free_classes(job):
        active = LabelClass.objects.active().filter(project=job.project_id)
        if not active.exclude(pk=label_class.pk).exists():
            continue  # a project needs one
        if job.project.model_versions.filter(classes__contains=[label_class.pk]).exists():
            active.filter(pk=label_class.pk).update(retired_at=Now())
        else:
            label_class.delete()


def _enqueue(project: Project, *, has_labels: bool, removed: int) -> None:
    """New features where the old ones were learned on what is gone; a model that forgets the labels."""
    if removed and Document.objects.filter(project=project).exists():
        outbox.enqueue(project.pk, Job.Kind.FEATURIZE)
    if has_labels and project.model_versions.ready().exists():
        outbox.enqueue(project.pk, Job.Kind.TRAIN)
