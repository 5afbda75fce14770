"""External prediction sources: what models from elsewhere say. The latest word of each, for the committee."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from labeling.models.clock import Now
from labeling.models.documents import Document
from labeling.models.projects import Project


class PredictionSource(models.Model):
    """A model from elsewhere: one in production, a large language model, yesterday's rules."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="prediction_sources", db_index=False
    )
    name = models.CharField(max_length=100)
    classes = ArrayField(models.UUIDField(), default=list)  # the order of its probabilities; only ever grows
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["project", "name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_source_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Prediction(models.Model):
    """What one source says of one document."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.ForeignKey(
        PredictionSource, on_delete=models.CASCADE, related_name="predictions", db_index=False
    )
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    version = models.CharField(max_length=100, blank=True, db_default="")  # of the source, as it says itself
    probabilities = ArrayField(models.FloatField())  # in the source's order; what is missing at the end is 0
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "document"], name="one_prediction_per_source"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} by {self.source_id}"
