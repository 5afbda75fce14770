"""Model versions: what a model has learned, from which labels, and what it says about unseen documents."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.db.clock import Now
from labeling.documents.models import Document
from labeling.guidelines.models import Guideline, LabelClass
from labeling.predictions.metadata import ModelMetadata
from labeling.projects.models import Project


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def ready(self) -> ModelVersionQuerySet:
        """Models that may be used, newest first."""
        return self.filter(state=ModelVersion.State.READY).order_by("-number")

    def in_use(self, project: Project) -> ModelVersion | None:
        """The model that ranks and suggests: the promoted one while it fits, else the newest."""
        ready = self.ready().filter(project=project)
        promoted = ready.filter(pk=project.promoted_model_id).first() if project.promoted_model_id else None
        return promoted if promoted is not None and promoted.fits(project) else ready.first()


class ModelVersion(models.Model):
    """One trained model: its facts here, its arrays in files."""

    class State(models.TextChoices):
        TRAINING = "training", _("Training")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="model_versions", db_index=False
    )
    number = models.PositiveIntegerField()  # 1, 2, 3 … within the project; also the run's fence
    state = models.CharField(max_length=10, choices=State, default=State.TRAINING)
    classes = ArrayField(models.UUIDField(), default=list)  # the order of every probability vector
    label_count = models.PositiveIntegerField(default=0)  # documents it was trained on
    trained_through = models.BigIntegerField(default=0)  # the last annotation it took into account
    guideline = models.ForeignKey(
        Guideline, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    facts = models.JSONField(default=dict)  # a ModelMetadata
    failure = models.TextField(blank=True)
    note = models.CharField(max_length=1000, blank=True, db_default="")  # a manager's
    started_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["project", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_model_per_number"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(state="training"), name="one_training_run_per_project"
            ),
        ]

    def __str__(self) -> str:
        return f"model {self.number}"

    @property
    def metadata(self) -> ModelMetadata:
        """How it was made, and what was measured of it then."""
        return ModelMetadata.from_json(self.facts)

    @metadata.setter
    def metadata(self, metadata: ModelMetadata) -> None:
        self.facts = metadata.to_json()

    def named_classes(self) -> list[dict[str, str]]:
        """{"id", "name"} of each class that it predicts, in the order of its probabilities."""
        names = dict(LabelClass.objects.filter(pk__in=self.classes).values_list("pk", "name"))
        return [{"id": str(pk), "name": names[pk]} for pk in self.classes]

    @property
    def is_lost(self) -> bool:
        """Whether its files are known to be gone: it can be read about, but neither rank nor suggest."""
        return self.metadata.is_lost

    def fits(self, project: Project) -> bool:
        """Whether it can order the project's queue: its files and the features it was made from are there."""
        return not self.is_lost and self.metadata.edition == project.feature_edition


class HeldOutPrediction(models.Model):
    """What one model version says about one document of the test set."""

    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.CASCADE, related_name="held_out_predictions", db_index=False
    )
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    probabilities = ArrayField(models.FloatField(), default=list)  # in the order of the version's classes
    pulls = models.JSONField(null=True)  # the words that decided; see labeling.predictions.word_attributions
    spans = models.JSONField(null=True)  # [[start, end, class index, probability], …] in a spans project

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "document"], name="one_held_out_prediction_per_model"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} by {self.model_version_id}"


class PredictionSource(models.Model):
    """A model from elsewhere: one in production, a large language model, yesterday's rules."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="prediction_sources", db_index=False
    )
    name = models.CharField(max_length=100)
    classes = ArrayField(models.UUIDField(), default=list)  # the order of its probabilities; only ever grows
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["project", "name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_source_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Prediction(models.Model):
    """What one source says of one document."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.ForeignKey(
        PredictionSource, on_delete=models.CASCADE, related_name="predictions", db_index=False
    )
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    version = models.CharField(max_length=100, blank=True, db_default="")  # of the source, as it says itself
    probabilities = ArrayField(models.FloatField())  # in the source's order; what is missing at the end is 0
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "document"], name="one_prediction_per_source"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} by {self.source_id}"
