"""Model promotion: which model ranks and suggests. A manager's choice, until they follow the newest again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from labeling.exceptions import InvalidInput, ModelUnusable, NotFound
from labeling.jobs.models import Job
from labeling.jobs.outbox import enqueue
from labeling.predictions.models import ModelVersion
from labeling.projects.members import manager_of
from labeling.projects.models import Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LONGEST_NOTE = 1_000  # characters


@transaction.atomic
def promote(project_id: int, manager: User, number: int) -> ModelVersion:
    """Let this model rank and suggest from now on, whatever is trained later. Going back is the same deed.

    The queue is ranked again within seconds. Raises NotAllowed, NotFound, ModelUnusable.
    """
    manager_of(project_id, manager)
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)  # two managers take turns
    version = project.model_versions.ready().filter(number=number).first()
    if version is None:
        raise NotFound
    if not version.fits(project):
        raise ModelUnusable
    _use(project, version)
    return version


@transaction.atomic
def follow_newest(project_id: int, manager: User) -> bool:
    """Let each new model rank and suggest as soon as it is ready. Returns whether another one was chosen.

    Raises NotAllowed.
    """
    manager_of(project_id, manager)
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    if project.promoted_model_id is None:
        return False
    _use(project, None)
    return True


def _use(project: Project, version: ModelVersion | None) -> None:
    project.promoted_model = version
    project.save(update_fields=["promoted_model"])
    enqueue(project.pk, Job.Kind.RANK)


def write_note(project_id: int, manager: User, number: int, note: str) -> ModelVersion:
    """Keep what a manager has to say of a model. Raises NotAllowed, NotFound, InvalidInput."""
    manager_of(project_id, manager)
    note = note.strip()
    if len(note) > LONGEST_NOTE or "\x00" in note:
        raise InvalidInput(_("A note can have at most {most} characters.").format(most=LONGEST_NOTE))
    versions = ModelVersion.objects.filter(project=project_id, number=number)
    if not versions.update(note=note):
        raise NotFound
    return versions.get()
