"""What does the model learn, and when?"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling import worker
from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.exceptions import StaleRun
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.query_strategies.head_builder import BATCH
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import QueueEntry
from labeling.ranking.head import labels_between
from labeling.steering import actions
from labeling.steering.models import Focus
from labeling.training import dataset
from tests.fixtures.people import Clock, fill, label
from tests.fixtures.trained_project import WORDS, label_rightly, text_of, train, truth


def shares(project: Project) -> dict[str, int]:
    rows = [entry.reason["share"] for entry in QueueEntry.objects.live(project)]
    return {share: rows.count(share) for share in set(rows)}


def test_without_a_model_varied_documents_come_first(untrained: Project) -> None:
    first = [entry.reason["share"] for entry in QueueEntry.objects.live(untrained)[:10]]
    assert "cold_start" in first
    assert {truth(e.document.text) for e in QueueEntry.objects.live(untrained)[:8]} == set(WORDS)


def test_a_trained_model_predicts_the_test_set_and_orders_the_queue(untrained: Project, ann: User) -> None:
    before = untrained.generation
    label_rightly(untrained, ann, 40)
    train(untrained)
    version = ModelVersion.objects.get(project=untrained)
    assert version.state == ModelVersion.State.READY
    assert untrained.generation > before
    assert {"margin", "random"} <= set(shares(untrained))
    held_out = HeldOutPrediction.objects.filter(model_version=version)
    assert held_out.count() > 0
    assert all(abs(sum(p.probabilities) - 1) < 1e-4 for p in held_out)


def test_a_batch_is_planned_for_what_the_team_labels_between_two_models(
    untrained: Project, ann: User
) -> None:
    label_rightly(untrained, ann, 12)
    train(untrained)
    first = untrained.model_versions.ready()[0]
    assert labels_between(untrained, first) == BATCH
    label_rightly(untrained, ann, 40)
    train(untrained)
    second = untrained.model_versions.ready()[0]
    assert labels_between(untrained, second) == second.label_count - first.label_count > BATCH


def test_settled_documents_are_not_ranked_again(untrained: Project, ann: User) -> None:
    label_rightly(untrained, ann, 30)
    train(untrained)
    assert not QueueEntry.objects.live(untrained).filter(document__state="resolved").exists()


def test_a_training_is_due_after_ten_labels_or_a_pause(untrained: Project, ann: User, clock: Clock) -> None:
    label_rightly(untrained, ann, 9)
    assert not dataset.is_due(untrained)
    clock.advance(seconds=61)
    assert dataset.is_due(untrained)
    clock.advance(seconds=-61)
    label_rightly(untrained, ann, 1)
    assert dataset.is_due(untrained)
    assert dataset.due_projects() == [untrained]
    worker.reconcile()
    assert outbox.start(untrained.pk, Job.Kind.TRAIN)
    assert dataset.due_projects() == []  # under way: it reads these labels
    Job.objects.all().delete()
    train(untrained)
    assert not dataset.is_due(untrained)
    assert dataset.due_projects() == []


def test_projects_in_which_nothing_was_said_cost_no_look_of_their_own(
    untrained: Project, ann: User, make_project: Callable[..., Project]
) -> None:
    label_rightly(untrained, ann, 10)
    train(untrained)
    for _ in range(3):
        make_project()
    with CaptureQueriesContext(connection) as queries:
        assert dataset.due_projects() == []
    assert len(queries) == 1


def test_a_focus_brings_its_class_forward_and_ends_when_it_is_met(
    untrained: Project, ann: User, joan: User
) -> None:
    label_rightly(untrained, ann, 30)
    train(untrained)
    refund = untrained.classes.get(name="Refund")
    actions.focus_on(untrained.pk, joan, refund.pk, wanted_labels=3)
    assert worker.run_job(untrained.pk, Job.Kind.RANK)
    untrained.refresh_from_db()
    focused = [e for e in QueueEntry.objects.live(untrained) if e.reason["share"] == "focus"]
    assert focused
    assert all(entry.reason["class"] == str(refund.pk) for entry in focused)
    label_rightly(untrained, ann, 20)
    train(untrained)
    assert Focus.objects.get(project=untrained).ended_at is not None


def test_a_failed_run_leaves_the_old_order_and_says_why(untrained: Project, ann: User, settings: Any) -> None:
    label_rightly(untrained, ann, 20)
    generation = untrained.generation
    settings.MODELS_DIR = "/proc/nowhere"
    outbox.enqueue(untrained.pk, Job.Kind.TRAIN)
    assert worker.run_job(untrained.pk, Job.Kind.TRAIN)
    assert not worker.run_job(untrained.pk, Job.Kind.TRAIN)
    untrained.refresh_from_db()
    assert untrained.generation == generation
    assert Job.objects.failing().get().kind == Job.Kind.TRAIN
    assert ModelVersion.objects.filter(state=ModelVersion.State.FAILED).exclude(failure="").exists()


def test_work_whose_worker_died_is_found_again(untrained: Project, clock: Clock) -> None:
    outbox.enqueue(untrained.pk, Job.Kind.RANK)
    lost = outbox.start(untrained.pk, Job.Kind.RANK)
    assert lost is not None
    clock.advance(seconds=outbox.SILENT_SECONDS + 1)
    outbox.reconcile()
    assert Job.objects.get(kind=Job.Kind.RANK).state == Job.State.QUEUED
    assert worker.run_job(untrained.pk, Job.Kind.RANK)
    with pytest.raises(StaleRun):
        outbox.beat(lost)


@pytest.mark.parametrize("kind", ["multi", "spans"])
def test_every_kind_of_project_learns(
    kind: str, make_project: Callable[..., Project], ann: User, settings: Any, tmp_path: Path
) -> None:
    settings.FEATURES_DIR, settings.MODELS_DIR = tmp_path / "features", tmp_path / "models"
    names = list(WORDS)
    project = make_project(kind=kind, texts=[text_of(names[n % 3], n) for n in range(60)])
    fill(project, [text_of(names[n % 3], n + 500) for n in range(6)], split="test")
    outbox.enqueue(project.pk, Job.Kind.FEATURIZE)
    for job_kind in (Job.Kind.FEATURIZE, Job.Kind.RANK):
        assert worker.run_job(project.pk, job_kind)
    for _ in range(30):
        (held,) = claims.claim(project.pk, ann).documents
        end = len(held.text.split()[0]) if kind == "spans" else None
        start = 0 if kind == "spans" else None
        submit.submit(ann, Submission(held.token, [label(project, truth(held.text), start, end)]))
    train(project)
    version = ModelVersion.objects.get(project=project)
    assert version.state == ModelVersion.State.READY
    assert len(version.metadata.thresholds or ()) == (len(version.classes) if kind == "multi" else 0)
    assert sum(shares(project).values()) > 0
