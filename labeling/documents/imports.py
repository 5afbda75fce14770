"""Imported files: which files were sent, how they are to be read, and what came of them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import JSONField, Value
from django.utils.translation import gettext_lazy as _

from labeling.db.clock import Now
from labeling.projects.models import Project


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    def with_file(self) -> ImportJobQuerySet:
        """Those whose rows lie in a file of ours, so that they can be read on."""
        return self.exclude(file_format="")


class ImportJob(models.Model):
    """One file or call on its way in, and what it brought.

    What a row brings is stored with the count of rows, so a job goes on exactly where it broke off.
    """

    class Origin(models.TextChoices):
        PAGE = "page", _("Page")  # a file that was sent first and is read afterwards
        API = "api", _("API")
        COMMAND = "command", _("Command")

    class State(models.TextChoices):
        CONVERTING = "converting", _("Reading the file")  # a worker makes JSONL of it
        UPLOADED = "uploaded", _("Waiting for column mapping")
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Importing")
        DONE = "done", _("Imported")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Stopped")  # broke off by no fault of the file; goes on where it was
        UNDOING = "undoing", _("Undoing")  # its answers may be deleted, as nobody else's ever may
        UNDONE = "undone", _("Undone")  # nothing of it is left

    UNDOABLE = (State.DONE, State.FAILED, State.STOPPED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)  # also names the stored file
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="import_jobs", db_index=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )  # None for a command
    origin = models.CharField(max_length=10, choices=Origin, db_default=Origin.PAGE, default=Origin.PAGE)
    file_name = models.CharField(max_length=200)  # as it was called where it came from; only shown
    byte_count = models.BigIntegerField(default=0)
    file_format = models.CharField(max_length=20, blank=True)  # of labeling.formats; "": read as it came
    encoding = models.CharField(max_length=20, default="utf-8")
    columns = models.JSONField(
        null=True, blank=True
    )  # a ColumnChoice by its fields; None: as they are called
    takes_answers = models.BooleanField(default=True, db_default=True)  # else texts and metadata only
    adds_classes = models.BooleanField(
        default=False, db_default=False
    )  # that labels name and the project lacks
    added_classes = ArrayField(models.UUIDField(), default=list, db_default=[], blank=True)
    retired_classes = ArrayField(
        models.CharField(max_length=100), default=list, db_default=[], blank=True
    )  # names of those to retire when all rows are read, as they are retired in the other tool
    losses = ArrayField(
        models.TextField(), default=list, db_default=[], blank=True
    )  # what of a converted file is not read, a sentence each, in English
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    run = models.UUIDField(null=True)  # the worker's fence; None while a request reads it
    rows_read = models.BigIntegerField(db_default=0)  # of which all that is to be stored is stored
    bytes_read = models.BigIntegerField(default=0)
    imported = models.BigIntegerField(default=0)  # new documents
    already_there = models.BigIntegerField(default=0)
    labeled = models.BigIntegerField(default=0, db_column="labelled")  # came with their answer
    predicted = models.BigIntegerField(default=0, db_default=0)  # documents with predictions of its models
    long_count = models.BigIntegerField(
        default=0, db_default=0
    )  # new documents that are learned from in part
    bad_row_count = models.BigIntegerField(default=0)
    bad_rows = models.JSONField(default=list, blank=True)  # [{"line", "message", "values", "excerpt"}, …]
    warning_count = models.BigIntegerField(db_default=0)  # rows that are stored with a remark
    warnings = models.JSONField(default=list, db_default=Value([], JSONField()), blank=True)  # like bad_rows
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(null=True, blank=True)  # of the run that reads it
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["project", "-created_at"], name="import_jobs_newest_first")]

    def __str__(self) -> str:
        return f"{self.file_name}: {self.state}"

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED, self.State.STOPPED, self.State.UNDONE)
