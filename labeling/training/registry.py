"""Model registry: which model orders the queue, and where its files are. The promoted one, or the newest."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace

from django.db.models import Q

from labeling.features.pipeline import current_store
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.classifiers.committee import Committee
from labeling.learning.sequence.crf import SpanTagger
from labeling.predictions.metadata import MetadataKey
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from labeling.ranking.head import Ranker, committee_ranker, start_ranker
from labeling.training.model_files import is_as_written, model_folder
from labeling.training.span_model import open_tagger, tagger_ranker

logger = logging.getLogger(__name__)
MAX_SAVED_VERSIONS = 20  # with their files and held-out predictions; older ones keep their facts


def saved_committee(version: ModelVersion) -> Committee | None:
    """The committee of a version; None where its files were lost or changed, or are of an older layout."""
    if not is_as_written(version):
        return None
    try:
        return Committee.load(model_folder(version))[0]
    except FileNotFoundError:
        return None


def saved_tagger(version: ModelVersion) -> SpanTagger | None:
    """The tagger of a version; None where its files were lost or changed, or are of an older layout."""
    return open_tagger(version)


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
    if project.kind == Project.Kind.SPANS:
        tagger = saved_tagger(version)
        return None if tagger is None else tagger_ranker(project, version, tagger)
    committee, view = saved_committee(version), version.metadata.view
    store = current_store(project, view)
    if committee is None or store is None or store.view != view:  # embeddings can be lost too
        return None
    return committee_ranker(project, version, committee)


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
