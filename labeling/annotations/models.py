"""Annotations: who said what about which document, and what settled it. Append-only, by the database."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from labeling.db.clock import Now
from labeling.documents.imports import ImportJob
from labeling.documents.models import Document
from labeling.guidelines.models import Guideline, LabelClass
from labeling.projects.models import Project
from labeling.queue.models import Lease


class Median(models.Aggregate):
    function = "percentile_cont"
    name = "median"
    output_field = models.FloatField()
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def current(self) -> AnnotationQuerySet:
        """Answers that nothing superseded: neither corrected nor withdrawn, nor withdrawals themselves."""
        return self.filter(superseded_by=None, is_withdrawal=False)

    def median_seconds(self) -> float | None:
        """Of focused work on an answer; None where nobody's was measured."""
        return self.current().aggregate(median=Median("seconds"))["median"]


class Annotation(models.Model):
    """One answer for one document. Undo and correction add a row that supersedes the one before."""

    class Source(models.TextChoices):
        PERSON = "person", _("Annotator")  # labeled here, under a lease
        MACHINE = "machine", _("Machine")  # the same by a program; never test truth or gold
        IMPORT = "import", _("Import")  # came with the documents
        ADJUDICATION = "adjudication", _("Adjudication")  # decides a dispute
        GOLD = "gold", _("Gold")  # known to be right: measures annotators and models

    ANNOTATORS = (Source.PERSON, Source.MACHINE)  # who label under leases

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="annotations", db_index=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="annotations")
    round = models.PositiveSmallIntegerField(default=0)
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="annotations",
        db_index=False,
    )
    source = models.CharField(max_length=15, choices=Source, default=Source.PERSON)
    lease = models.ForeignKey(
        Lease, on_delete=models.PROTECT, null=True, related_name="annotations", db_index=False
    )
    import_job = models.ForeignKey(
        ImportJob, on_delete=models.PROTECT, null=True, related_name="annotations", db_index=False
    )
    epoch = models.PositiveIntegerField(null=True)  # of the lease it was submitted under
    key = models.CharField(max_length=64, null=True)
    guideline = models.ForeignKey(
        Guideline, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    answer_hash = models.BinaryField(max_length=16)  # equal for equal answers, whatever their order
    seconds = models.FloatField(null=True)  # of focused work, as the page measured it
    suggestion = models.JSONField(null=True, blank=True)  # what the annotator was shown, if anything
    note = models.CharField(max_length=1000, blank=True, db_default="")
    origin = models.JSONField(null=True)  # of an import: who annotated elsewhere, and how, as the file says
    is_surplus = models.BooleanField(db_default=False)  # came after its slot had gone: stored, not counted
    is_withdrawal = models.BooleanField(db_default=False)  # undoes the one it supersedes
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="superseded_by"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["lease", "epoch"], name="one_annotation_per_lease_and_epoch"),
            models.UniqueConstraint(
                fields=["project", "annotator", "key"],
                condition=Q(key__isnull=False),
                name="one_annotation_per_key",
            ),
            models.UniqueConstraint(
                fields=["document", "round", "annotator"],
                condition=Q(supersedes=None, is_surplus=False, source__in=("person", "machine")),
                name="one_counted_annotation_per_annotator",
            ),
            models.CheckConstraint(
                condition=Q(annotator__isnull=False) | Q(source__in=("import", "gold")),
                name="a_person_s_annotation_names_the_person",
            ),
            models.CheckConstraint(
                condition=Q(seconds=None) | Q(seconds__gte=0), name="seconds_are_never_negative"
            ),
            models.CheckConstraint(
                condition=Q(supersedes=None) | ~Q(supersedes=F("id")), name="nothing_supersedes_itself"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "id"], name="annotations_in_order"),
            models.Index(fields=["annotator", "project", "-id"], name="annotations_by_person"),
            models.Index(fields=["project", "created_at"], name="annotations_by_day"),
            models.Index(
                fields=["import_job"], condition=Q(import_job__isnull=False), name="annotations_by_import"
            ),
        ]

    def __str__(self) -> str:
        return f"annotation {self.pk} of {self.document_id}"


class Label(models.Model):
    """One class applied to a document, or to a span of it: code points, end exclusive."""

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="labels")
    label_class = models.ForeignKey(LabelClass, on_delete=models.PROTECT, related_name="labels")
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["annotation", "start", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["annotation", "label_class", "start", "end"],
                name="no_label_twice",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(start=None, end=None) | Q(start__isnull=False, end__gt=F("start")),
                name="a_span_has_a_start_before_its_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label_class_id} on {self.annotation_id}"


class Resolution(models.Model):
    """The annotation that settles a document, and how."""

    class How(models.TextChoices):
        AGREED = "agreed", _("Agreed")  # every annotator gave this answer
        MAJORITY = "majority", _("Majority")  # more than half did
        ADJUDICATED = "adjudicated", _("Adjudicated")  # somebody decided
        IMPORTED = "imported", _("Imported")  # it came with its answer
        GOLD = "gold", _("Gold")  # its answer is known to be right; what annotators say changes nothing

    document = models.OneToOneField(
        Document, on_delete=models.PROTECT, primary_key=True, related_name="resolution"
    )
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    annotation = models.OneToOneField(Annotation, on_delete=models.PROTECT, related_name="settles")
    how = models.CharField(max_length=15, choices=How)
    resolved_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(
                fields=["project", "document"], include=["annotation"], name="resolutions_of_documents"
            )
        ]

    def __str__(self) -> str:
        return f"{self.document_id}: {self.how}"


class QuestionQuerySet(models.QuerySet["Question"]):
    def waiting(self) -> QuestionQuerySet:
        """Not answered yet, the oldest first."""
        return self.filter(answered_at=None).order_by("pk")


class Question(models.Model):
    """What an annotator asks the adjudicators about one document, and their reply."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="questions", db_index=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="questions")
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=1000)
    asked_at = models.DateTimeField(db_default=Now())
    reply = models.CharField(max_length=1000, blank=True, db_default="")
    answerer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["project", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None, answerer=None, reply="")
                | Q(answered_at__isnull=False, answerer__isnull=False),
                name="an_answered_question_says_by_whom",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "id"], condition=Q(answered_at=None), name="waiting_questions"),
        ]

    def __str__(self) -> str:
        return f"question {self.pk} on {self.document_id}"
