"""Stored measurements: the test sets that models were measured on, and what each model measured there."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from labeling.db.clock import Now
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project


class TestSetVersion(models.Model):
    """The labeled test set of a moment: annotations never change, so their numbers hold it for ever."""

    __test__ = False  # pytest would take it for a test

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="test_set_versions", db_index=False
    )
    number = models.PositiveIntegerField()  # 1, 2, 3 … within the project
    annotations = ArrayField(models.BigIntegerField())  # that speak for its documents, rising
    digest = models.BinaryField(max_length=16)  # of the annotations: equal for equal test sets
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["project", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_test_set_per_number"),
        ]

    def __str__(self) -> str:
        return f"test set {self.number}"


class Measurement(models.Model):
    """What one model version measured when it was new: a point of every learning curve.

    Written once and never again, so that a curve shows what was known then.
    """

    model_version = models.OneToOneField(
        ModelVersion, on_delete=models.CASCADE, primary_key=True, related_name="measurement"
    )
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    test_set = models.ForeignKey(TestSetVersion, on_delete=models.PROTECT, related_name="+")
    documents = models.PositiveIntegerField()  # of the test set that it was measured on
    right = models.PositiveIntegerField()  # of them that were right in full
    classes = models.JSONField()  # {class: {"labels": of the pool, "tp": …, "fp": …, "fn": …}}
    averages = models.JSONField()  # {"macro_f1": [value, low, high], "micro_f1": …, "accuracy": …}
    measured_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["project", "-model_version__number"]

    def __str__(self) -> str:
        return f"{self.right} of {self.documents} by {self.model_version_id}"
