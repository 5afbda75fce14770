"""Files of features and models can be made again from the database, and are, whoever deleted them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from labeling import worker
from labeling.annotations.submit import Submission, submit
from labeling.features import pipeline
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import QueueEntry
from labeling.training import registry
from tests.fixtures.people import label
from tests.fixtures.trained_project import label_rightly, truth


def work_all_off(project: Project) -> None:
    """What the workers would do, until nothing is owed."""
    for _ in range(20):
        waiting = Job.objects.filter(project=project, state=Job.State.QUEUED).first()
        if waiting is None:
            break
        assert worker.run_job(project.pk, Job.Kind(waiting.kind))
    assert not Job.objects.filter(project=project).exists()
    project.refresh_from_db()


def enqueue_and_run(project: Project, kind: Job.Kind) -> None:
    outbox.enqueue(project.pk, kind)
    work_all_off(project)


def is_whole(project: Project) -> bool:
    """Every document has features, and the newest model orders the queue."""
    store = pipeline.current_store(project)
    ranker = registry.ranker_in_use(project)
    return store is not None and len(store) == project.document_count and ranker.version is not None


def everything(project: Project, settings: Any) -> None:
    shutil.rmtree(Path(settings.FEATURES_DIR))
    shutil.rmtree(Path(settings.MODELS_DIR))


def all_features(project: Project, settings: Any) -> None:
    shutil.rmtree(Path(settings.FEATURES_DIR))


def the_rows(project: Project, settings: Any) -> None:
    for shard in pipeline.edition_folder(project.pk, project.feature_edition).glob("shard-*"):
        shutil.rmtree(shard)


def the_featurizer(project: Project, settings: Any) -> None:
    shutil.rmtree(pipeline.edition_folder(project.pk, project.feature_edition) / "featurizer")


def a_piece(project: Project, settings: Any) -> None:
    (shard,) = pipeline.edition_folder(project.pk, project.feature_edition).glob("shard-*")
    (shard / "facts.json").unlink()


def the_models(project: Project, settings: Any) -> None:
    shutil.rmtree(Path(settings.MODELS_DIR))


LOSSES = [everything, all_features, the_rows, the_featurizer, a_piece, the_models]
Loss = Callable[[Project, Any], None]


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("kind", [Job.Kind.TRAIN, Job.Kind.RANK])
def test_what_was_lost_is_made_again(trained: Project, settings: Any, lose: Loss, kind: Job.Kind) -> None:
    lose(trained, settings)
    enqueue_and_run(trained, kind)
    assert is_whole(trained)
    assert not ModelVersion.objects.filter(state=ModelVersion.State.FAILED).exists()
    assert "margin" in {entry.reason["share"] for entry in QueueEntry.objects.live(trained)}


@pytest.mark.parametrize("lose", LOSSES)
def test_people_go_on_labeling_meanwhile(trained: Project, ann: User, settings: Any, lose: Loss) -> None:
    lose(trained, settings)
    label_rightly(trained, ann, 3)
    outbox.enqueue(trained.pk, Job.Kind.TRAIN)
    worker.run_job(trained.pk, Job.Kind.TRAIN)
    trained.refresh_from_db()
    (held,) = claims.claim(trained.pk, ann).documents
    assert held.reason.share != "unranked"  # the order that was there, or a new one
    submit(ann, Submission(held.token, [label(trained, truth(held.text))]))
    work_all_off(trained)
    assert is_whole(trained)


@pytest.mark.timeout(30)
def test_a_document_that_is_not_there_stops_the_work_and_shifts_no_row(trained: Project) -> None:
    Project.objects.filter(pk=trained.pk).update(document_count=trained.document_count + 1)
    outbox.enqueue(trained.pk, Job.Kind.FEATURIZE)
    worker.run_job(trained.pk, Job.Kind.FEATURIZE)
    pending = Job.objects.get(project=trained, kind=Job.Kind.FEATURIZE)
    assert "documents lie at positions" in pending.failure
