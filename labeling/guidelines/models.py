"""Label classes: which ones a project knows, and how they are told apart on the page."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.db.clock import Now
from labeling.formats.names import normal_name
from labeling.projects.models import Project

MAX_CLASSES = 500
PALETTE = (  # Okabe and Ito (2008): can be told apart with any color vision; then muted relatives
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#8c7a00",
    "#7a5195",
    "#2f4b7c",
    "#a05195",
    "#66a182",
    "#b07d62",
    "#5c6670",
    "#008b8b",
    "#b5485d",
    "#6b8e23",
)


class LabelClassQuerySet(models.QuerySet["LabelClass"]):
    def active(self) -> LabelClassQuerySet:
        """Classes that annotators may still choose."""
        return self.filter(retired_at=None)

    def normal_names(self) -> frozenset[str]:
        """Their names as those of files are compared with."""
        return frozenset(map(normal_name, self.values_list("name", flat=True)))


class LabelClass(models.Model):
    """One of the project's classes. Its identifier is stable; its name may change; it is never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="classes", db_index=False)
    name = models.CharField(max_length=100)
    key = models.CharField(
        max_length=1,
        blank=True,
        validators=[RegexValidator(r"^[0-9a-z]$", _("A key must be a digit or a lowercase letter."))],
    )
    color = models.CharField(
        db_column="colour",  # the name of before the first release
        max_length=7,
        default=PALETTE[0],
        validators=[RegexValidator(r"^#[0-9a-f]{6}$", _("A color must be # and six hexadecimal digits."))],
    )
    position = models.PositiveSmallIntegerField(default=0)
    seed_words = ArrayField(
        models.CharField(max_length=50), default=list, blank=True, size=20, db_default=[]
    )  # words and phrases that find documents of it while it has few labels
    retired_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_from"
    )

    objects = LabelClassQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_class_per_name"),
            models.UniqueConstraint(
                fields=["project", "key"],
                condition=~Q(key="") & Q(retired_at=None),
                name="one_class_per_key",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=models.F("id")),
                name="no_class_merges_into_itself",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Guideline(models.Model):
    """One version of the text on how to apply the classes. The database refuses to change it."""

    class Change(models.TextChoices):
        FIRST = "first", _("First version")
        CLARIFICATION = "clarification", _("Clarification: labels stay the same")
        RULE = "rule", _("Rule change: some labels may change")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="guidelines", db_index=False)
    number = models.PositiveIntegerField()  # 1, 2, 3 … within the project
    change = models.CharField(max_length=15, choices=Change)
    note = models.CharField(max_length=300, blank=True)  # what changed, for those who read the last one
    body = models.TextField(blank=True, max_length=100_000)  # Markdown; sanitised when it is shown
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    author_elsewhere = models.CharField(
        max_length=150, blank=True, db_default=""
    )  # of an import: who wrote it in the project that it comes from
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["project", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_guideline_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} version {self.number}"

    @property
    def author_name(self) -> str:
        """The username of who wrote it, perhaps elsewhere; empty if unknown."""
        return self.author_elsewhere or (self.author.get_username() if self.author else "")


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
