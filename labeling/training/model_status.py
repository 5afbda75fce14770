"""Model status: is there a model, and if not, what keeps it from being there? The one place that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.annotations.ground_truth import Learnable, learnable
from labeling.jobs.models import Job
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.training.dataset import MIN_NEW_LABELS

TRAINS = (Job.Kind.FEATURIZE, Job.Kind.TRAIN)  # without one of these there is no model


class ModelState(StrEnum):
    READY = "ready"
    TRAINING = "training"  # the first one is being fitted
    FAILED = "failed"  # the workers tried, and go on trying
    WAITING = "waiting"  # there are enough labels; the workers have it before them
    NO_DOCUMENTS = "no_documents"
    TOO_FEW_LABELS = "too_few_labels"
    ONE_CLASS = "one_class"  # all labels are of the same class, or none names any


@dataclass(frozen=True)
class ModelStatus:
    """What there is to say of a project's model.

    labels : labeled documents that a model could learn from; 0 where something else comes first
    class_name : of the only class that they have, where that is what is missing
    failure : how the last run ended, for managers alone: it may quote documents
    is_preparing : what waits, or failed, are the features of the documents, without which nothing trains
    """

    state: ModelState
    kind: str = Project.Kind.SINGLE
    labels: int = 0
    class_name: str = ""
    failure: str = ""
    is_preparing: bool = False

    @property
    def labels_needed(self) -> int:
        """How many more labeled documents the first training waits for."""
        if self.state != ModelState.TOO_FEW_LABELS:
            return 0
        return max(MIN_NEW_LABELS - self.labels, 1)

    @property
    def retry_kind(self) -> str:
        """The kind of job to try again, where it failed."""
        return Job.Kind.FEATURIZE if self.is_preparing else Job.Kind.TRAIN

    @property
    def title(self) -> str:
        """In a few words, as a heading or the beginning of one."""
        match self.state:
            case ModelState.READY:
                return _("Model ready")
            case ModelState.TRAINING:
                return _("Training the first model")
            case ModelState.FAILED if self.is_preparing:
                return _("No model yet: preparing the documents failed")
            case ModelState.FAILED:
                return _("No model yet: training failed")
            case ModelState.WAITING:
                return _("No model yet: waiting for the workers")
            case ModelState.NO_DOCUMENTS:
                return _("No model yet: no documents")
            case ModelState.TOO_FEW_LABELS:
                return _("No model yet: too few labels")
            case ModelState.ONE_CLASS if self.class_name:
                return _("No model yet: only one class has labels")
            case ModelState.ONE_CLASS:
                return _("No model yet: no class has labels")

    @property
    def text(self) -> str:
        """What it takes, or what comes next; without the failure itself, which is not for everybody."""
        match self.state:
            case ModelState.READY:
                return ""
            case ModelState.TRAINING:
                return _("It appears here once training is finished.")
            case ModelState.FAILED:
                return _(
                    "The workers retry automatically, at increasing intervals. You can continue labeling."
                )
            case ModelState.WAITING if self.is_preparing:
                return _("The workers prepare the documents first; training then starts automatically.")
            case ModelState.WAITING:
                return _("There are enough labels; training starts automatically.")
            case ModelState.NO_DOCUMENTS:
                return _("Import and label documents first.")
            case ModelState.TOO_FEW_LABELS:
                return self._too_few()
            case ModelState.ONE_CLASS:
                return self._one_class()

    def _too_few(self) -> str:
        takes = {
            Project.Kind.SINGLE: _("At least two classes need labels."),
            Project.Kind.MULTI: _("At least one class needs labels."),
        }.get(Project.Kind(self.kind), _("Some documents need spans."))
        more = ngettext(
            "Label {n} more document for the first model.",
            "Label {n} more documents for the first model.",
            self.labels_needed,
        ).format(n=self.labels_needed)
        until = _("Until then, the queue has typical and varied documents.")
        return f"{more} {takes} {until}"

    def _one_class(self) -> str:
        if self.class_name:
            text = ngettext(
                "The only labeled document is {name}.", "All {n} labeled documents are {name}.", self.labels
            )
            what = _("A model needs a second class. Label a document with another class.")
        elif self.kind == Project.Kind.SPANS:
            text = ngettext(
                "The only labeled document has no span.",
                "None of the {n} labeled documents has a span.",
                self.labels,
            )
            what = _("A model needs spans. Label at least one.")
        else:
            text = ngettext(
                "The only labeled document has no class.",
                "None of the {n} labeled documents has a class.",
                self.labels,
            )
            what = _("A model needs documents with a class.")
        return f"{text.format(n=self.labels, name=self.class_name)} {what}"


HAS_MODEL = ModelStatus(ModelState.READY)


def model_status(project: Project) -> ModelStatus:
    """Whether the project has a model, and else why not; in one statement where it has, else in four."""
    if ModelVersion.objects.ready().filter(project=project).exists():
        return HAS_MODEL
    return missing_model(project)


def missing_model(project: Project) -> ModelStatus:
    """Why there is no model, for whoever knows that there is none. In at most three statements."""
    latest = ModelVersion.objects.filter(project=project).order_by("-number").first()
    return status_of(project, latest, list(Job.objects.filter(project=project)))


def status_of(project: Project, latest: ModelVersion | None, jobs: Sequence[Job]) -> ModelStatus:
    """Why there is no model; latest : the last run, which left none; jobs : all of the project."""
    training_jobs = [job for job in jobs if job.kind in TRAINS]
    if latest is not None and latest.state == ModelVersion.State.TRAINING and _is_running(training_jobs):
        return ModelStatus(ModelState.TRAINING, project.kind)
    failing = next((job for job in training_jobs if job.is_failing), None)
    if failing is not None:
        is_preparing = failing.kind == Job.Kind.FEATURIZE
        return ModelStatus(
            ModelState.FAILED, project.kind, failure=failing.failure, is_preparing=is_preparing
        )
    if latest is not None and latest.state == ModelVersion.State.FAILED and not training_jobs:
        return ModelStatus(ModelState.FAILED, project.kind, failure=latest.failure)
    if not project.document_count:
        return ModelStatus(ModelState.NO_DOCUMENTS, project.kind)
    return _of_labels(project, learnable(project.pk), has_jobs=bool(training_jobs))


def _is_running(training_jobs: list[Job]) -> bool:
    """Whether a training is under way; a version may still say so whose worker was killed."""
    return any(job.kind == Job.Kind.TRAIN and job.state == Job.State.RUNNING for job in training_jobs)


def _of_labels(project: Project, learnable: Learnable, *, has_jobs: bool) -> ModelStatus:
    """Where nothing has failed: what the labels are short of, or that it is the workers' turn."""
    is_enough = learnable.classes >= (2 if project.kind == Project.Kind.SINGLE else 1)
    if not is_enough and learnable.documents >= MIN_NEW_LABELS:
        return ModelStatus(ModelState.ONE_CLASS, project.kind, learnable.documents, learnable.class_name)
    if is_enough and (has_jobs or learnable.documents >= MIN_NEW_LABELS):
        is_preparing = project.feature_edition == 0 or project.grouped_count < project.document_count
        return ModelStatus(ModelState.WAITING, project.kind, learnable.documents, is_preparing=is_preparing)
    return ModelStatus(ModelState.TOO_FEW_LABELS, project.kind, learnable.documents)
