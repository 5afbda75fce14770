"""Project overview: how a project stands. Read in a fixed number of statements, whatever its size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models.functions import Left

from labeling.annotations.predicates import by_annotators
from labeling.annotations.skipping import Skipper, who_skips_most
from labeling.documents.imports import ImportJob
from labeling.features.embedding_progress import Progress, progress
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Membership, Project
from labeling.queue.models import QueueEntry
from labeling.queue.predicates import live
from labeling.steering.actions import latest_comparison
from labeling.training.model_status import HAS_MODEL, ModelStatus, status_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import User

    from labeling.steering.models import ControlComparison

HEAD_ENTRIES = 20
TEXT_START = 321  # characters: twice what a page shows and one, see `excerpt`
DAYS = 14
SHOWN_MEMBERS = 30

# Open documents are what is left over: counting them would read the pool.
STANDINGS = f"""
    SELECT p.id,
           (SELECT count(*) FROM labeling_resolution r WHERE r.project_id = p.id),
           (SELECT count(*) FROM labeling_document d WHERE d.project_id = p.id AND d.state = 'disputed'),
           (SELECT count(*) FROM labeling_document d WHERE d.project_id = p.id AND d.state = 'excluded'),
           (SELECT count(*) FROM labeling_question q WHERE q.project_id = p.id AND q.answered_at IS NULL),
           (SELECT count(*) FROM labeling_lease l WHERE l.project_id = p.id AND l.annotator_id = %(user)s
                   AND {live("l")})
    FROM labeling_project p WHERE p.id = ANY(%(projects)s)
"""
LABELS_PER_DAY = f"""
    SELECT (created_at AT TIME ZONE 'UTC')::date AS day, count(*)
    FROM labeling_annotation
    WHERE project_id = %(project)s AND {by_annotators("labeling_annotation")} AND NOT is_withdrawal
      AND created_at >= (labeling_now() AT TIME ZONE 'UTC')::date - %(days)s + 1
      AND (%(annotator)s::bigint IS NULL OR annotator_id = %(annotator)s)
    GROUP BY 1
"""
TODAY = "SELECT (labeling_now() AT TIME ZONE 'UTC')::date"


@dataclass(frozen=True)
class ProjectCounts:
    """How far a project is, in documents, and what this person holds of it."""

    documents: int
    settled: int
    disputed: int
    excluded: int
    questions: int  # that wait for a reply
    held: int  # by the person who looks, right now

    @property
    def open(self) -> int:
        return max(self.documents - self.settled - self.disputed - self.excluded, 0)

    @property
    def to_settle(self) -> int:
        """All that are or will be settled: excluded ones never are."""
        return self.documents - self.excluded


@dataclass(frozen=True)
class Day:
    """How many answers people gave on one day (UTC)."""

    day: date
    answers: int


@dataclass(frozen=True)
class Overview:
    """What the home page of a project shows."""

    standing: ProjectCounts
    days: list[Day]  # the last DAYS, oldest first, without gaps
    model: ModelVersion | None  # the newest that can be used
    latest_run: ModelVersion | None  # the newest of all: perhaps training, perhaps failed
    status: ModelStatus  # where there is no model, why not
    head: Sequence[QueueEntry]  # with `document.text_start`
    classes: Sequence[LabelClass]
    jobs: Sequence[Job]
    embeddings: Progress | None  # None where none were ever made
    imports: Sequence[ImportJob]  # files that are still being read
    members: Sequence[Membership]
    skippers: Sequence[Skipper]
    comparison: ControlComparison | None  # of the queue with random sampling, the newest


def overview(member: Membership) -> Overview:
    """The whole project for a manager; for others the parts that concern them."""
    project, is_manager = member.project, member.may_manage
    standing = standings([project], member.user)[project.pk]
    versions = ModelVersion.objects.filter(project=project).order_by("-number")
    model, latest_run = versions.filter(state=ModelVersion.State.READY).first(), versions.first()
    jobs = list(Job.objects.filter(project=project))
    of_project = Membership.objects.filter(project=project, removed_at=None).select_related("user")
    return Overview(
        standing=standing,
        days=labels_per_day(project.pk, None if is_manager else member.user_id),
        model=model,
        latest_run=latest_run,
        status=status_of(project, latest_run, jobs) if model is None else HAS_MODEL,
        head=_head(project) if is_manager else (),
        classes=list(LabelClass.objects.filter(project=project)),
        jobs=jobs if is_manager else (),
        embeddings=progress(project) if is_manager else None,
        imports=_imports_under_way(project) if is_manager else (),
        members=list(of_project.order_by("created_at")[:SHOWN_MEMBERS]) if is_manager else (),
        skippers=who_skips_most(project.pk) if is_manager else (),
        comparison=latest_comparison(project) if is_manager else None,
    )


def standings(projects: Sequence[Project], user: User) -> dict[int, ProjectCounts]:
    """How far each of these projects is, by its number: one statement for all."""
    counts = {project.pk: project.present_count for project in projects}
    with connection.cursor() as cursor:
        cursor.execute(STANDINGS, {"projects": list(counts), "user": user.pk})
        return {pk: ProjectCounts(counts[pk], *columns) for pk, *columns in cursor.fetchall()}


def labels_per_day(project_id: int, annotator_id: int | None) -> list[Day]:
    """Answers of people on each of the last DAYS, of one person or of all."""
    parameters: dict[str, Any] = {"project": project_id, "days": DAYS, "annotator": annotator_id}
    with connection.cursor() as cursor:
        cursor.execute(TODAY)
        today = cursor.fetchone()[0]
        cursor.execute(LABELS_PER_DAY, parameters)
        counts = dict(cursor.fetchall())
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    return [Day(day, counts.get(day, 0)) for day in days]


def _head(project: Project) -> Sequence[QueueEntry]:
    """The next entries, with the start of each text and not the whole of it."""
    entries = QueueEntry.objects.live(project).select_related("document").defer("document__text")
    return list(entries.annotate(text_start=Left("document__text", TEXT_START))[:HEAD_ENTRIES])


def _imports_under_way(project: Project) -> Sequence[ImportJob]:
    under_way = (ImportJob.State.QUEUED, ImportJob.State.RUNNING)
    return list(
        ImportJob.objects.filter(project=project, state__in=under_way).defer("bad_rows", "warnings")[:5]
    )
