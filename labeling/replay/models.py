"""Replays: what the queue has saved, by this project's own labels. Asked for, under way, or done."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from labeling.db.clock import Now
from labeling.projects.models import Project


class Replay(models.Model):
    """One replay of the labels of a moment. Annotations never change, so their numbers hold what was said."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="replays", db_index=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    classes = ArrayField(models.UUIDField())  # the order of all flags
    pool_annotations = ArrayField(models.BigIntegerField())  # what the documents to label anew were given
    test_annotations = ArrayField(models.BigIntegerField())
    label_count = models.PositiveIntegerField()  # labeled documents of the pool, replayed or not
    seconds_per_answer = models.FloatField(null=True)  # the median; null where nobody's time was measured
    answers_per_document = models.PositiveSmallIntegerField()
    result = models.JSONField(null=True)

    class Meta:
        ordering = ["project", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(finished_at=None), name="one_replay_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(result__isnull=False),
                name="a_finished_replay_has_its_result",
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="replays_newest_first")]

    def __str__(self) -> str:
        return f"replay {self.pk} of {self.project_id}"


class ReplayCurve(models.Model):
    """One run of a replay under way: kept until all are there, so that a killed worker loses one run."""

    replay = models.ForeignKey(Replay, on_delete=models.CASCADE, related_name="curves", db_index=False)
    strategy = models.CharField(max_length=15, choices=Project.Strategy)
    seed = models.PositiveSmallIntegerField()
    labels = ArrayField(models.PositiveIntegerField())
    decided = models.BinaryField()  # of the test documents after each step, as a NumPy array, packed
    seconds = models.FloatField()  # of a processor

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["replay", "strategy", "seed"], name="one_curve_per_strategy_and_seed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.strategy} {self.seed} of {self.replay_id}"
