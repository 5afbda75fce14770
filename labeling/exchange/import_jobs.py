"""Import jobs: the file of a project that a manager asks about."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from labeling.documents.imports import ImportJob
from labeling.exceptions import NotFound
from labeling.projects.members import manager_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def job_of(project_id: int, manager: User, job_id: UUID) -> ImportJob:
    """One file of the project. Raises NotAllowed, NotFound."""
    manager_of(project_id, manager)
    job = ImportJob.objects.filter(project=project_id, pk=job_id).first()
    if job is None:
        raise NotFound
    return job
