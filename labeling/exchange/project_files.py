"""Project files: another tool's export, uploaded before its project exists, and the project made of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from labeling.documents.imports import ImportJob
from labeling.exceptions import FileExpired, InvalidInput, NotFound
from labeling.exchange import upload_files, uploads
from labeling.exchange.conversions import first_state
from labeling.exchange.project_imports import create_from_outline, retired_names
from labeling.exchange.project_summaries import ProjectSummary, is_small, summarize_file
from labeling.exchange.upload_files import RETENTION_HOURS, path_of
from labeling.formats.projects import READERS
from labeling.formats.records import UnreadableFile
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.projects.models import Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SALT = "labeling.project_files"  # of references, so that no other signature is one


@dataclass(frozen=True)
class ProjectFile:
    """An uploaded file that no project was created from yet.

    id : names the stored file, and later the import job that reads it
    file_format : a value of Format, or a key of READERS
    """

    id: UUID
    name: str
    byte_count: int
    file_format: str
    encoding: str

    @property
    def is_project(self) -> bool:
        """Whether another tool's reader reads it."""
        return self.file_format in READERS


def store(upload: uploads.Upload, file_id: UUID | None = None) -> ProjectFile:
    """Keep the file and recognize it; what a small project file holds is kept beside it.

    file_id : the same for a request that is sent again
    Raises InvalidInput for what cannot be read.
    """
    upload_files.checked_size(upload.size)
    file_id = file_id or uuid.uuid4()
    byte_count = upload_files.keep(file_id, upload.chunks())
    source, name = upload_files.recognize(file_id, upload_files.name_of(upload.name))
    file = ProjectFile(file_id, name, byte_count, source.file_format, source.encoding)
    try:
        if file.is_project and is_small(path_of(file.id), file.name):
            _keep_summary(file)
    except UnreadableFile as error:
        path_of(file.id).unlink()
        raise InvalidInput(_(error.message) % error.values) from error
    return file


def reference_to(file: ProjectFile, person: User) -> str:
    """What an address or a form names the file by; only this person can use it, for 24 hours."""
    values = [person.pk, file.id.hex, file.name, file.byte_count, file.file_format, file.encoding]
    return signing.dumps(values, salt=SALT, compress=True)


def file_of(person: User, reference: str) -> ProjectFile:
    """The file that a reference names, perhaps with a project by now.

    Raises NotFound for another person's and for what is no reference, and FileExpired for a file that was
    deleted.
    """
    try:
        owner, file_id, *values = signing.loads(reference, salt=SALT, max_age=RETENTION_HOURS * 3600)
    except signing.SignatureExpired as error:
        raise FileExpired from error
    except signing.BadSignature as error:
        raise NotFound from error
    if owner != person.pk:
        raise NotFound
    file = ProjectFile(UUID(file_id), *values)
    if not path_of(file.id).exists() and job_of(file) is None:
        raise FileExpired
    return file


def summary_of(file: ProjectFile) -> ProjectSummary | None:
    """What the file holds; None where it is too large to be read within a request, or no project."""
    path = _summary_path(file)
    return ProjectSummary.from_json(json.loads(path.read_bytes())) if path.exists() else None


def job_of(file: ProjectFile) -> ImportJob | None:
    """The import that reads the file, once a project was created from it."""
    return ImportJob.objects.filter(pk=file.id).first()


def create_project(
    creator: User,
    file: ProjectFile,
    summary: ProjectSummary,
    *,
    origin: ImportJob.Origin = ImportJob.Origin.PAGE,
    **options: Any,
) -> ImportJob:
    """Create the project with classes and guideline, and import its documents; a second call changes nothing.

    options : as `create_from_outline` takes them
    Raises as `create_from_outline` does.
    """
    with transaction.atomic():
        project = create_from_outline(creator, summary.outline, creation_key=file.id, **options)
        job = attach(creator, project, file, origin, retired_names(summary.outline))
    with suppress(InvalidInput):  # the import's page says why, and offers other settings
        uploads.start(job.project_id, creator, job.pk, job.file_format, job.encoding, None, adds_classes=True)
    _summary_path(file).unlink(missing_ok=True)
    job.refresh_from_db()
    return job


def discard(file: ProjectFile) -> None:
    """Delete a file that no project is created from."""
    path_of(file.id).unlink(missing_ok=True)
    _summary_path(file).unlink(missing_ok=True)


def attach(
    person: User,
    project: Project,
    file: ProjectFile,
    origin: ImportJob.Origin = ImportJob.Origin.PAGE,
    retired: Sequence[str] = (),
) -> ImportJob:
    """The import job of a project that reads the file next; of another project where it was attached before.

    retired : names of classes to retire when all rows are read
    """
    values = {
        "project": project,
        "created_by": person,
        "origin": origin,
        "file_name": file.name,
        "byte_count": file.byte_count,
        "file_format": file.file_format,
        "encoding": file.encoding,
        "retired_classes": list(retired),
        "state": first_state(file.file_format),
    }
    job, is_new = ImportJob.objects.get_or_create(pk=file.id, defaults=values)
    if is_new and job.state == ImportJob.State.CONVERTING:
        outbox.enqueue(project.pk, Job.Kind.IMPORT)
    return job


@translation.override("en")  # it is shown in the language of whoever looks
def _keep_summary(file: ProjectFile) -> None:
    summary = summarize_file(path_of(file.id), file.name, file.file_format)
    text = json.dumps(summary.as_json(), ensure_ascii=False)
    _summary_path(file).write_bytes(text.encode(errors="replace"))


def _summary_path(file: ProjectFile) -> Path:
    return path_of(file.id).with_suffix(".json")
