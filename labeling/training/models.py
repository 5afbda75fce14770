"""Tuning state: other hyperparameters tried on a project, what came of each, and which ones trainings use."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from labeling.db.clock import Now
from labeling.projects.models import Project


class Tuning(models.Model):
    """Hyperparameters tried on the labels of a moment. The newest finished one holds, unless dismissed."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tunings", db_index=False)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    classes = ArrayField(models.UUIDField())  # the order of all flags
    annotations = ArrayField(models.BigIntegerField())  # what the documents were given
    label_count = models.PositiveIntegerField()  # labeled documents of the pool, tried on or not
    trials = models.JSONField(default=dict)  # hyperparameters: [[macro F1, log-loss] of each fold so far]
    verdicts = models.JSONField(
        default=list
    )  # of each candidate: its gains with their reach, and whether used
    strength = models.FloatField(null=True)  # what was adopted; null while it is tried
    augmentation = models.CharField(max_length=10, blank=True, db_default="")
    dismissed_at = models.DateTimeField(null=True)  # when a manager went back to the default ones
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["project", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(finished_at=None), name="one_tuning_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(strength__isnull=False),
                name="a_finished_tuning_has_its_recipe",
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="tunings_newest_first")]

    def __str__(self) -> str:
        return f"tuning {self.pk} of {self.project_id}"
