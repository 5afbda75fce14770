"""Frozen data: dataset versions, numbered, hashed and never changed again; and export files of a day."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.db.clock import Now
from labeling.projects.models import Project


class Content(models.TextChoices):
    """Which annotations of a document are in a dataset."""

    ANNOTATORS = "annotators", _("The annotations of each annotator")
    FINAL = "final", _("Final labels only")


class DatasetVersionQuerySet(models.QuerySet["DatasetVersion"]):
    def frozen(self) -> DatasetVersionQuerySet:
        """Those that can be downloaded."""
        return self.filter(state=DatasetVersion.State.READY)

    def kept(self) -> DatasetVersionQuerySet:
        """All but deleted ones, the newest first."""
        return self.exclude(state=DatasetVersion.State.DELETED).order_by("-number")


class DatasetVersion(models.Model):
    """One frozen dataset: its facts here, its lines in a file. The database refuses to change a frozen one.

    A deleted one leaves its row behind, so that its number is never used again.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        WRITING = "writing", _("Writing")
        READY = "ready", _("Frozen")
        FAILED = "failed", _("Failed")
        DELETED = "deleted", _("Deleted")

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="dataset_versions", db_index=False
    )
    number = models.PositiveIntegerField()  # 1, 2, 3 … within the project
    name = models.CharField(max_length=100, blank=True, db_default="")
    note = models.CharField(max_length=1000, blank=True, db_default="")
    content = models.CharField(max_length=10, choices=Content, default=Content.ANNOTATORS)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # None for a command
    created_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    run = models.UUIDField(null=True, blank=True)  # the worker's fence, and part of the file's name
    guideline = models.PositiveIntegerField(null=True, blank=True)  # the number of the newest version in it
    model = models.PositiveIntegerField(null=True, blank=True)  # the number of the model in use at that time
    byte_count = models.BigIntegerField(default=0)  # of the lines, unpacked
    sha256 = models.CharField(max_length=64, blank=True, db_default="")  # of the lines, hexadecimal
    statistics = models.JSONField(default=dict, blank=True)  # DatasetStatistics
    failure = models.TextField(blank=True, db_default="")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = DatasetVersionQuerySet.as_manager()

    class Meta:
        ordering = ["project", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_dataset_version_per_number"),
            models.CheckConstraint(
                condition=~Q(state="ready") | (Q(byte_count__gt=0) & ~Q(sha256="") & Q(run__isnull=False)),
                name="a_frozen_dataset_version_has_its_hash",
            ),
        ]

    def __str__(self) -> str:
        return f"dataset version {self.number} of {self.project_id}: {self.state}"

    @property
    def is_over(self) -> bool:
        return self.state not in (self.State.QUEUED, self.State.WRITING)


class ExportFileQuerySet(models.QuerySet["ExportFile"]):
    def in_progress(self) -> ExportFileQuerySet:
        """Those that a worker writes or is going to write."""
        return self.filter(state__in=(ExportFile.State.QUEUED, ExportFile.State.WRITING))

    def over(self) -> ExportFileQuerySet:
        """Those that no worker has to do with."""
        return self.filter(state__in=(ExportFile.State.READY, ExportFile.State.FAILED))


class ExportFile(models.Model):
    """One file of labels that a worker writes. Canceled and expired ones are deleted with their row."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        WRITING = "writing", _("Writing")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="export_files", db_index=False
    )
    dataset_version = models.ForeignKey(
        DatasetVersion, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )  # None: the labels as they are when they are written
    file_format = models.CharField(max_length=20)  # a key of export_files.format_keys
    content = models.CharField(max_length=10, choices=Content)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    run = models.UUIDField(null=True, blank=True)  # the worker's fence, and part of the file's name
    rows_written = models.BigIntegerField(default=0)  # or documents, as the format has it
    row_count = models.BigIntegerField(null=True, blank=True)  # of all, where it is known before
    incomplete_count = models.BigIntegerField(default=0)  # documents or labels that the format cannot hold
    byte_count = models.BigIntegerField(default=0)
    failure = models.TextField(blank=True, db_default="")  # in English
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ExportFileQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["project", "-created_at"], name="export_files_newest_first")]

    def __str__(self) -> str:
        return f"{self.file_format} of {self.project_id}: {self.state}"

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.READY, self.State.FAILED)

    @property
    def percent(self) -> int | None:
        """How far it is, 0 to 100; None where that is not known."""
        return min(100, 100 * self.rows_written // self.row_count) if self.row_count else None
