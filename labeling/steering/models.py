"""Steering requests: what somebody wants more of. Labels of a class, or a part of the queue's mix."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from labeling.annotations.models import Annotation, Label
from labeling.db.clock import Now
from labeling.documents.models import Document
from labeling.guidelines.models import LabelClass
from labeling.learning.query_strategies.random_fallback import Fallback
from labeling.projects.models import Project

COUNTING: dict[str, Any] = {  # labels that people gave and that count
    "annotation__superseded_by": None,
    "annotation__is_surplus": False,
    "annotation__source__in": (*Annotation.ANNOTATORS, Annotation.Source.ADJUDICATION),
}


class FocusQuerySet(models.QuerySet["Focus"]):
    def with_labels(self) -> FocusQuerySet:
        """With `brought`: what `labels_so_far` counts, for all of them in one statement."""
        labels = Label.objects.filter(
            label_class=OuterRef("label_class"),
            annotation__project=OuterRef("project"),
            annotation__pk__gt=OuterRef("since_annotation"),
            **COUNTING,
        )
        counted = labels.order_by().values("label_class").annotate(n=Count("pk")).values("n")
        return self.annotate(brought=Coalesce(Subquery(counted), 0))

    def standing(self) -> FocusQuerySet:
        """Wishes that still hold."""
        return self.filter(Q(until=None) | Q(until__gt=Now()), ended_at=None)


class Focus(models.Model):
    """A standing wish for more labels of one class."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="focuses", db_index=False)
    label_class = models.ForeignKey(LabelClass, on_delete=models.CASCADE, related_name="focuses")
    wanted_labels = models.PositiveIntegerField()  # counted from since_annotation on; met, the wish ends
    since_annotation = models.BigIntegerField()  # labels after this annotation count towards it
    reason = models.CharField(max_length=300, blank=True)
    evidence = models.JSONField(default=dict, db_default={})  # what the report said when it was made
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = FocusQuerySet.as_manager()
    brought: int  # of those that `with_labels` read

    class Meta:
        ordering = ["project", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "label_class"],
                condition=Q(ended_at=None),
                name="one_standing_focus_per_class",
            ),
            models.CheckConstraint(condition=Q(wanted_labels__gte=1), name="a_focus_wants_something"),
        ]

    def __str__(self) -> str:
        return f"{self.wanted_labels} more of {self.label_class_id}"

    @property
    def labels_so_far(self) -> int:
        """Labels of the class that people have given since the wish was made, and that count."""
        labels = Label.objects.filter(
            label_class=self.label_class_id,
            annotation__project=self.project_id,
            annotation__pk__gt=self.since_annotation,
            **COUNTING,
        )
        return labels.count()


class ClassNeed(models.Model):
    """How much of the queue a class needs. Reports write it, the next ranking reads it.

    A class without a row, or with one that nobody has measured yet, is ranked by the engine's own estimate.
    """

    class Mode(models.TextChoices):
        AUTOMATIC = "automatic", _("Automatic")  # the report sets the share
        BY_HAND = "by_hand", _("Manual")  # a manager has set it
        OFF = "off", _("Off")  # no share for this class

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="needs", db_index=False)
    label_class = models.ForeignKey(LabelClass, on_delete=models.CASCADE, related_name="+", db_index=False)
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.AUTOMATIC)
    share = models.FloatField(null=True)  # of the head, 0 to 1; empty until the report has measured the class
    evidence = models.JSONField(default=dict)  # the numbers behind the share, for the sentence that tells it
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )  # who set the mode; empty: nobody, it is as it came
    written_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["project", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "label_class"], name="one_need_per_class"),
            models.CheckConstraint(
                condition=Q(share=None) | Q(share__gte=0, share__lte=1), name="a_need_is_a_share"
            ),
            models.CheckConstraint(
                condition=~Q(mode="by_hand") | Q(share__isnull=False), name="a_need_by_hand_has_its_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.share} for {self.label_class_id}, {self.mode}"


class QueueMix(models.Model):
    """A manager's own parts of the head, in percent, else the default holds. Doubt gets the rest."""

    project = models.OneToOneField(
        Project, on_delete=models.CASCADE, primary_key=True, related_name="queue_mix"
    )
    random = models.PositiveSmallIntegerField()
    weak_class = models.PositiveSmallIntegerField()
    second_opinion = models.PositiveSmallIntegerField()  # at most
    seed_words = models.PositiveSmallIntegerField()  # at most
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    random__lte=100 - F("weak_class") - F("second_opinion") - F("seed_words"),
                    random__gte=0,
                ),
                name="shares_are_at_most_the_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.random}% random, {self.weak_class}% weak classes"


class ControlComparison(models.Model):
    """One comparison of the queue with the labels that it drew at random, in progress or done.

    Annotations never change, so their numbers hold the labels of its beginning.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="control_comparisons", db_index=False
    )
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    label_count = models.PositiveIntegerField()  # of the newest model: the next one waits for a tenth more
    pool_size = models.PositiveIntegerField()  # documents that can be labeled
    classes = ArrayField(models.UUIDField())  # the order of all flags
    annotations = ArrayField(models.BigIntegerField())  # that the queue brought, in their order
    random_annotations = ArrayField(models.BigIntegerField())  # of these, drawn at random
    test_annotations = ArrayField(models.BigIntegerField())
    curves = models.BinaryField(
        default=b""
    )  # decided of the test documents so far; see labeling.replay.control
    result = models.JSONField(null=True)  # a LiveSavings; empty where there was too little to compare
    level = models.PositiveSmallIntegerField(default=0)  # from here on a Fallback
    calm = models.PositiveSmallIntegerField(default=0)
    falls = models.PositiveSmallIntegerField(default=0)
    fallen_since = models.DateTimeField(null=True)  # when the level left 0

    class Meta:
        ordering = ["project", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(finished_at=None), name="one_comparison_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(level=0, fallen_since=None) | Q(level__gt=0, fallen_since__isnull=False),
                name="a_fallback_has_its_start",
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="comparisons_newest_first")]

    def __str__(self) -> str:
        return f"comparison {self.pk} of {self.project_id}"

    @property
    def fallback(self) -> Fallback:
        return Fallback(self.level, self.calm, self.falls)


class PickQuerySet(models.QuerySet["Pick"]):
    def standing(self) -> PickQuerySet:
        """Picks that nobody took back and that still have a document to be labeled."""
        waiting = PickedDocument.objects.filter(pick=OuterRef("pk"), document__state=Document.State.OPEN)
        return self.filter(Exists(waiting), ended_at=None)


class Pick(models.Model):
    """Documents that a manager wants labeled next, with the reason that annotators are shown."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="picks")
    reason = models.CharField(max_length=300)  # one sentence: "Long texts of Delivery"
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)  # when it was taken back

    objects = PickQuerySet.as_manager()

    class Meta:
        ordering = ["project", "-id"]

    def __str__(self) -> str:
        return self.reason


class PickedDocumentQuerySet(models.QuerySet["PickedDocument"]):
    def waiting(self) -> PickedDocumentQuerySet:
        """Those to be labeled, of picks that nobody took back."""
        return self.filter(pick__ended_at=None, document__state=Document.State.OPEN)


class PickedDocument(models.Model):
    """One document of a pick."""

    pick = models.ForeignKey(Pick, on_delete=models.CASCADE, related_name="picked", db_index=False)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    is_asked = models.BooleanField(default=False, db_default=False)  # was settled; opened for one more answer

    objects = PickedDocumentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["pick", "document"], name="one_place_per_pick_and_document"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} of pick {self.pick_id}"
