"""Requests under an idempotency key: what a retry is recognized by, and what came of the first one."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from labeling.db.clock import Now
from labeling.projects.models import Project


class KeyedRequest(models.Model):
    """One request that changed something, under the key that its client made.

    Claims and answers have keys of their own, in their own rows: they come a hundred times as often.
    """

    class Route(models.TextChoices):
        CREATE = "create"  # a project, so it belongs to none
        ASK = "ask"
        SKIP = "skip"
        DEFER = "defer"
        RELEASE = "release"
        UNDO = "undo"
        CORRECT = "correct"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    route = models.CharField(max_length=10, choices=Route)
    key = models.CharField(max_length=64)
    body_hash = models.BinaryField(max_length=16)  # of all that was asked: another body is no retry
    result = models.BigIntegerField(null=True)  # the row that came of it
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "project", "route", "key"], name="one_request_per_key", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
