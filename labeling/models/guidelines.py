"""Guidelines: which rule applied when a label was made. Every version stays as it was."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from labeling.models.classes import LabelClass
from labeling.models.clock import Now
from labeling.models.projects import Project


class Guideline(models.Model):
    """One version of the text on how to apply the classes. The database refuses to change it."""

    class Change(models.TextChoices):
        FIRST = "first", _("First version")
        CLARIFICATION = "clarification", _("Clearer words; answers stay the same")
        RULE = "rule", _("Another rule; some answers change")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="guidelines", db_index=False)
    number = models.PositiveIntegerField()  # 1, 2, 3 … within the project
    change = models.CharField(max_length=15, choices=Change)
    note = models.CharField(max_length=300, blank=True)  # what changed, for those who read the last one
    body = models.TextField(blank=True, max_length=100_000)  # Markdown; sanitised when it is shown
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["project", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_guideline_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} version {self.number}"


class ClassRule(models.Model):
    """How one version of the guideline defines one class."""

    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="rules", db_index=False)
    label_class = models.ForeignKey(LabelClass, on_delete=models.PROTECT, related_name="rules")
    definition = models.TextField(blank=True, max_length=2000)
    examples = models.TextField(blank=True, max_length=5000)  # one a line
    counter_examples = models.TextField(blank=True, max_length=5000)  # one a line

    class Meta:
        ordering = ["guideline", "label_class__position"]
        constraints = [
            models.UniqueConstraint(
                fields=["guideline", "label_class"], name="one_rule_per_class_and_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label_class_id} in {self.guideline_id}"
