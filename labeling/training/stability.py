"""Prediction stability: which earlier model a new one is compared with, for advice on stopping."""

from __future__ import annotations

from labeling.learning.evaluation.stopping_criteria import MIN_STEP
from labeling.predictions.metadata import CrossValidatedCounts
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project


def last_cross_validated(version: ModelVersion) -> CrossValidatedCounts | None:
    """What cross-validation said when it was last done; None where the classes are others now."""
    last = Project(pk=version.project_id).model_versions.ready().first()
    if last is None or list(last.classes) != list(version.classes):
        return None
    return last.metadata.cross_validated


def earlier_of(version: ModelVersion) -> ModelVersion | None:
    """The newest version with `MIN_STEP` labels fewer or less, if it has the same classes and features."""
    earlier = (
        Project(pk=version.project_id)
        .model_versions.ready()
        .filter(number__lt=version.number, label_count__lte=version.label_count - MIN_STEP)
        .first()
    )
    if earlier is None or list(earlier.classes) != list(version.classes):
        return None
    then, now = earlier.metadata, version.metadata
    return earlier if (then.edition, then.view) == (now.edition, now.view) else None
