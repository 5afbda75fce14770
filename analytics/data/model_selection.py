"""Model choice: which model a report measures. The one in use, or another that still has its predictions."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef

from analytics.data.queries import latest_model
from labeling.exceptions import NoSuchModel
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from labeling.training.model_status import HAS_MODEL, ModelStatus, missing_model

MAX_VERSIONS = 20  # to choose from; older ones keep no predictions, but for a promoted one


@dataclass(frozen=True)
class ModelSelection:
    """What a reader chose to see, and what else there is.

    version : the model that is measured; in_use : the one that ranks and suggests; None before the first
    versions : those that there are to choose from, the newest first
    status : where there is no model, why not
    """

    version: ModelVersion | None
    in_use: ModelVersion | None
    versions: list[ModelVersion] = field(default_factory=list)
    status: ModelStatus = HAS_MODEL

    @property
    def is_in_use(self) -> bool:
        """Whether what is shown is what steers the queue."""
        return self.version == self.in_use

    @property
    def query(self) -> str:
        """Of addresses that lead on with this model; empty for the one in use, whichever that will be."""
        return "" if self.is_in_use or self.version is None else f"model={self.version.number}"


def select_model(project: Project, requested: str | int | None = None) -> ModelSelection:
    """The model with this number; without one, the model in use. In two or three statements;
    before the first model in five.

    Raises NoSuchModel where no model of the project with that number keeps predictions of the test set.
    """
    in_use, versions = latest_model(project), versions_kept(project)
    if in_use is not None and in_use not in versions:
        versions.append(in_use)  # promoted long ago, or too new to have said anything
    version = (
        next((candidate for candidate in versions if str(candidate.number) == str(requested)), None)
        if requested
        else in_use
    )
    if requested and version is None:
        raise NoSuchModel
    status = HAS_MODEL if in_use else missing_model(project)
    return ModelSelection(version, in_use, sorted(versions, key=lambda candidate: -candidate.number), status)


def versions_kept(project: Project) -> list[ModelVersion]:
    """Models whose predictions of the test set are still there, newest first."""
    kept = HeldOutPrediction.objects.filter(model_version=OuterRef("pk"))
    ready = ModelVersion.objects.ready().filter(Exists(kept), project=project)
    return list(ready.select_related("guideline")[:MAX_VERSIONS])
