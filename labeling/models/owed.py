"""What do the workers still have to do? The truth is here; a Celery message is only a hint."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models.clock import Now
from labeling.models.projects import Project


class OwedWork(models.Model):
    """One piece of work for one project: at most one queued and one running of each kind."""

    class Kind(models.TextChoices):
        IMPORT = "import", _("Read uploaded files")
        FEATURIZE = "featurize", _("Make features of new documents")
        EMBED = "embed", _("Make sentence embeddings")
        TRAIN = "train", _("Train and rank")
        RANK = "rank", _("Rank again with the model that is there")
        REPLAY = "replay", _("Replay the labels")
        TUNE = "tune", _("Try other recipes")
        TELL_LANGUAGES = "tell_languages", _("Tell the languages of documents")

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        FAILED = "failed", _("Failed")  # gave up after several attempts; a person has to look

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="owed_work", db_index=False)
    kind = models.CharField(max_length=15, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    fence = models.UUIDField(null=True)  # who runs it: a run whose fence was replaced may not finish it
    failure = models.TextField(blank=True, db_default="")
    queued_at = models.DateTimeField(db_default=Now())
    hinted_at = models.DateTimeField(null=True)  # when the last message about it was sent
    heartbeat_at = models.DateTimeField(null=True)

    class Meta:
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
