"""Training status: has a run begun or ended since the report was made? Cheap enough to ask often."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project


@dataclass(frozen=True)
class TrainingStatus:
    """What a reader of the report of one model should know."""

    training: int | None  # number of the model that is being trained
    newer: int | None  # number of a finished model that the report does not show


def training_news(project: Project, shown: int) -> TrainingStatus:
    """About trainings after the model with this number; 0 for a report without a model."""
    states = ModelVersion.State
    later = ModelVersion.objects.filter(project=project, number__gt=shown)
    runs = list(
        later.filter(state__in=(states.READY, states.TRAINING))
        .values_list("number", "state")
        .order_by("number")
    )
    newer = next((number for number, state in reversed(runs) if state == states.READY), None)
    if newer is not None and project.promoted_model_id:  # a manager's choice stays when newer ones come
        used = ModelVersion.objects.in_use(project)
        newer = used.number if used is not None and used.number > shown else None
    return TrainingStatus(
        training=next((number for number, state in reversed(runs) if state == states.TRAINING), None),
        newer=newer,
    )
