"""Model registry: which model orders the queue, and where its files are. The promoted one, or the newest."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from typing import Any

from django.db.models import Q

from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.classifiers.fitting import fit_committee
from labeling.predictions.metadata import MetadataKey
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from labeling.ranking.head import Ranker, start_ranker
from labeling.training.model_files import model_folder
from labeling.training.model_kind import ModelKind
from labeling.training.span_model import SpanKind
from labeling.training.text_model import CommitteeFit, TextKind

logger = logging.getLogger(__name__)
MAX_SAVED_VERSIONS = 20  # with their files and held-out predictions; older ones keep their facts


def model_kind(project: Project, fit: CommitteeFit = fit_committee) -> ModelKind[Any]:
    """How models of this project are made and used; fit : makes the committee of whole documents."""
    return SpanKind() if project.kind == Project.Kind.SPANS else TextKind(fit)


def ranker_in_use(project: Project) -> Ranker:
    """The promoted model, or the newest that fits the features of now; by variety where there is none.

    Where the newest one's files were lost or changed, or are of an older layout, a training is owed.
    """
    if (promoted := promoted_ranker(project)) is not None:
        return promoted
    version = project.model_versions.ready().first()
    if version is None or version.metadata.edition != project.feature_edition:
        return start_ranker(project)
    ranker = _ranker_of(project, version)
    if ranker is None:
        _mark_lost(version)
        outbox.enqueue(project.pk, Job.Kind.TRAIN)
        return start_ranker(project)
    return ranker


def promoted_ranker(project: Project) -> Ranker | None:
    """Of the model that a manager chose; None where nobody chose one, or its files or features are gone."""
    version = (
        ModelVersion.objects.ready().filter(pk=project.promoted_model_id, project=project).first()
        if project.promoted_model_id
        else None
    )
    if version is None or not version.fits(project):
        return None
    ranker = _ranker_of(project, version)
    if ranker is None:  # every report shall know
        _mark_lost(version)
    return ranker


def _ranker_of(project: Project, version: ModelVersion) -> Ranker | None:
    kind = model_kind(project)
    model = kind.open(version)
    return None if model is None else kind.ranker(project, version, model)


def forget_old_versions(project: Project) -> None:
    """Files and held-out predictions of long ago, but those of the promoted model; all facts stay."""
    ready = project.model_versions.ready()
    oldest_kept = ready.values_list("number", flat=True)[MAX_SAVED_VERSIONS - 1 : MAX_SAVED_VERSIONS]
    if not oldest_kept:
        return
    promoted = Project.objects.filter(pk=project.pk, promoted_model__isnull=False).values("promoted_model")
    old = ready.filter(~Q(facts__has_key=MetadataKey.LOST.value), number__lt=oldest_kept[0]).exclude(
        pk__in=promoted
    )
    for version in old:
        HeldOutPrediction.objects.filter(model_version=version).delete()
        shutil.rmtree(model_folder(version), ignore_errors=True)
        _mark_lost(version)


def _mark_lost(version: ModelVersion) -> None:
    if not version.is_lost:
        logger.warning("Model %s of project %s: its files are not used.", version.number, version.project_id)
    ModelVersion.objects.filter(pk=version.pk).update(facts=replace(version.metadata, is_lost=True).to_json())
