"""Jobs: what the workers still have to do. The truth is here; a Celery message is only a hint."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.db.clock import Now
from labeling.projects.models import Project

SHOWN_INTERRUPTIONS = 3  # in a row; a killed process or a restart now and then is nobody's concern


class JobQuerySet(models.QuerySet["Job"]):
    def due(self) -> JobQuerySet:
        """Queued, and not waiting for its next attempt."""
        is_due = Q(next_attempt_at=None) | Q(next_attempt_at__lte=Now())
        return self.filter(is_due, state=Job.State.QUEUED)

    def failing(self) -> JobQuerySet:
        """What somebody has to know of: an error of its own, or one interruption after another."""
        return self.filter(Q(attempts__gt=0) | Q(interruptions__gte=SHOWN_INTERRUPTIONS))


class Job(models.Model):
    """One job of the workers for one project: at most one queued and one running of each kind.

    It is never given up: what fails waits for its next attempt, and a success deletes the row.
    """

    class Kind(models.TextChoices):
        IMPORT = "import", _("Import uploaded files")
        FEATURIZE = "featurize", _("Compute features of new documents")
        EMBED = "embed", _("Compute sentence embeddings")
        TRAIN = "train", _("Train a model and rank documents")
        RANK = "rank", _("Re-rank documents with the current model")
        REPLAY = "replay", _("Replay the labels to measure savings")
        TUNE = "tune", _("Tune hyperparameters")
        COMPARE = "compare", _("Compare the queue with random sampling")
        DATASET = "dataset", _("Write dataset versions")
        EXPORT = "export", _("Write export files")
        TELL_LANGUAGES = "tell_languages", _("Detect document languages")

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="jobs", db_index=False)
    kind = models.CharField(max_length=15, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(
        db_default=0
    )  # runs in a row that raised an error of their own
    interruptions = models.PositiveSmallIntegerField(db_default=0)  # in a row: killed, no database, no disk
    fence = models.UUIDField(null=True)  # who runs it: a run whose fence was replaced may not finish it
    runner = models.CharField(max_length=120, blank=True, db_default="")  # see labeling.jobs.runners
    failure = models.TextField(blank=True, db_default="")  # how the last run ended
    next_attempt_at = models.DateTimeField(null=True)  # not sooner; None: at once
    queued_at = models.DateTimeField(db_default=Now())
    hinted_at = models.DateTimeField(null=True)  # when the last message about it was sent
    heartbeat_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        db_table = "labeling_owedwork"  # from before it was named a job
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind"], condition=Q(state="queued"), name="one_queued_work_of_a_kind"
            ),
            models.UniqueConstraint(
                fields=["project", "kind"], condition=Q(state="running"), name="one_running_work_of_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.project_id}: {self.state}"

    @property
    def is_failing(self) -> bool:
        """See JobQuerySet.failing."""
        return self.attempts > 0 or self.interruptions >= SHOWN_INTERRUPTIONS
