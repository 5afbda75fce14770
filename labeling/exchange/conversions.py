"""Conversions: an uploaded Excel, Parquet or other binary file becomes JSON lines, in a worker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from labeling.db.clock import Now
from labeling.documents.imports import ImportJob
from labeling.exchange import sources
from labeling.exchange.importing import FAULTS
from labeling.exchange.upload_files import path_of
from labeling.formats.converters import CONVERTERS
from labeling.formats.records import UnreadableFile
from labeling.jobs import outbox
from labeling.jobs.models import Job

logger = logging.getLogger(__name__)
State = ImportJob.State


def first_state(file_format: str) -> ImportJob.State:
    """The state of a file that was just uploaded."""
    return State.CONVERTING if file_format in CONVERTERS else State.UPLOADED


def convert_waiting(job: Job) -> None:
    """Convert the project's files that wait for it: what a worker does when told.

    Raises FAULTS, after which the file is converted from its start.
    """
    waiting = ImportJob.objects.filter(project=job.project_id, state=State.CONVERTING)
    for import_job in waiting.order_by("created_at"):
        _convert(import_job, lambda: outbox.beat(job))


@translation.override("en")  # what is stored of it is in no reader's language
def _convert(job: ImportJob, beat: Callable[[], None]) -> None:
    """Put JSON lines in the file's place; then it waits for its columns, or is read where an API sent it."""
    path = path_of(job.pk)
    lines = path.with_suffix(".partial")

    def on_progress(share_read: float) -> None:
        beat()
        ImportJob.objects.filter(pk=job.pk).update(bytes_read=round(share_read * job.byte_count))

    try:
        losses = sources.convert(path, job.file_name, job.file_format, lines, on_progress)
        file_format = sources.format_of_lines(lines, job.file_name)
        next_state = State.QUEUED if job.origin == ImportJob.Origin.API else State.UPLOADED
        with transaction.atomic():
            if _end(job, next_state, file_format=file_format, losses=losses, bytes_read=0):
                lines.replace(path)
    except UnreadableFile as error:
        _end(job, State.FAILED, failure=_(error.message) % error.values, finished_at=Now())
    except FileNotFoundError:
        failure = _("The uploaded file has been deleted. Upload it again.")
        _end(job, State.FAILED, failure=failure, finished_at=Now())
    except FAULTS:
        raise
    except Exception as error:
        logger.exception("Converting import %s of project %s", job.pk, job.project_id)
        _end(job, State.FAILED, failure=f"{type(error).__name__}: {error}"[:500], finished_at=Now())
    finally:
        lines.unlink(missing_ok=True)


def _end(job: ImportJob, state: ImportJob.State, **fields: Any) -> int:
    """1, or 0 where the file was discarded meanwhile."""
    return ImportJob.objects.filter(pk=job.pk, state=State.CONVERTING).update(state=state, **fields)
