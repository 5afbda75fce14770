"""Are other recipes tried in idle time, used only where they prove better, and taken back by a manager?"""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling import worker
from labeling.annotations import imported
from labeling.annotations.models import Annotation
from labeling.documents.models import Document
from labeling.exceptions import NotAllowed
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.classifiers.hyperparameters import (
    DEFAULT_HYPERPARAMETERS,
    Augmentation,
    Hyperparameters,
)
from labeling.learning.evaluation.model_selection import TRIALS, Score
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.training import tuning
from labeling.training import tuning as recipes
from labeling.training.default_hyperparameters import use_defaults
from labeling.training.models import Tuning
from tests.fixtures.people import label
from tests.fixtures.trained_project import label_rightly, train, truth

STRONGER = Hyperparameters(60.0)


@pytest.fixture
def trained(trained: Project, monkeypatch: Any) -> Project:
    """The project of tickets with a model, in a world where forty labels are enough to try recipes on."""
    monkeypatch.setattr(recipes, "MIN_LABELS", 30)
    Job.objects.all().delete()
    return trained


def due() -> list[int]:
    """The projects that are owed a trial now."""
    recipes.enqueue_due()
    return list(Job.objects.filter(kind=Job.Kind.TUNE).values_list("project", flat=True))


def finished(project: Project, hyperparameters: Hyperparameters = STRONGER, label_count: int = 40) -> Tuning:
    return Tuning.objects.create(
        project=project,
        classes=[],
        annotations=[],
        label_count=label_count,
        strength=hyperparameters.strength,
        augmentation=hyperparameters.augmentation.value,
        finished_at="2026-11-12T00:00Z",
    )


def test_a_trial_is_owed_once_per_doubling_of_the_labels(trained: Project) -> None:
    assert due() == [trained.pk]
    Job.objects.all().delete()
    label_count = ModelVersion.objects.ready().first().label_count
    finished(trained, label_count=label_count // 2 + 1)
    assert due() == []
    Tuning.objects.update(label_count=label_count // 2)
    assert due() == [trained.pk]


def test_no_trial_is_owed_while_anything_else_is(trained: Project) -> None:
    outbox.enqueue(trained.pk, Job.Kind.RANK)
    assert due() == []


def test_no_trial_is_owed_while_a_training_is_due(trained: Project, ann: User) -> None:
    label_rightly(trained, ann, 10)
    assert due() == []


def test_few_labels_and_spans_are_left_alone(trained: Project, monkeypatch: Any) -> None:
    Project.objects.update(kind=Project.Kind.SPANS)
    assert due() == []
    Project.objects.update(kind=Project.Kind.SINGLE)
    monkeypatch.setattr(recipes, "MIN_LABELS", 100)
    assert due() == []


def test_projects_that_are_not_due_cost_one_statement(trained: Project) -> None:
    finished(trained)
    with CaptureQueriesContext(connection) as queries:
        assert due() == []
    assert len(queries) == 2


@pytest.mark.slow
def test_a_trial_goes_on_where_it_stopped_and_tells_what_came_of_each(
    trained: Project, monkeypatch: Any
) -> None:
    monkeypatch.setattr(tuning, "RUN_SECONDS", 0)
    due()
    assert worker.run_job(trained.pk, Job.Kind.TUNE)
    assert [len(scores) for scores in Tuning.objects.get().trials.values()] == [1]
    assert Job.objects.get(kind=Job.Kind.TUNE).state == Job.State.QUEUED
    monkeypatch.setattr(tuning, "RUN_SECONDS", 600)
    assert worker.run_job(trained.pk, Job.Kind.TUNE)
    done = Tuning.objects.get()
    assert done.finished_at
    assert [len(scores) for scores in done.trials.values()] == [TRIALS] * 5
    assert len(done.verdicts) == 4
    assert tuning.hyperparameters_of(trained) == DEFAULT_HYPERPARAMETERS


def test_what_is_adopted_is_used_by_the_next_training(trained: Project, monkeypatch: Any) -> None:
    better = {STRONGER: 0.2}

    def judged(*_rows: Any, **_more: Any) -> Score:
        *_before, hyperparameters, number = _rows
        return Score(
            0.6 + better.get(hyperparameters, 0) + 0.001 * (number % 3) * hyperparameters.strength / 20, 0.5
        )

    monkeypatch.setattr(tuning, "run_trial", judged)
    due()
    assert worker.run_job(trained.pk, Job.Kind.TUNE)
    assert tuning.hyperparameters_of(trained) == STRONGER
    assert Job.objects.filter(kind=Job.Kind.TRAIN).exists()
    train(trained)
    assert ModelVersion.objects.ready().first().facts["recipe"] == {"strength": 60, "augmentation": "none"}


def test_a_manager_goes_back_to_the_usual_recipe(trained: Project, joan: User) -> None:
    finished(trained)
    assert tuning.hyperparameters_of(trained) == STRONGER
    assert use_defaults(trained.pk, joan)
    assert tuning.hyperparameters_of(trained) == DEFAULT_HYPERPARAMETERS
    assert Tuning.objects.get().dismissed_by == joan
    assert Job.objects.filter(kind=Job.Kind.TRAIN).exists()
    assert not use_defaults(trained.pk, joan)


def test_only_a_manager_may_go_back(trained: Project, ann: User) -> None:
    with pytest.raises(NotAllowed):
        use_defaults(trained.pk, ann)


def test_the_newest_trial_holds(trained: Project) -> None:
    finished(trained)
    finished(trained, Hyperparameters(20.0, Augmentation.JOINED), label_count=80)
    assert tuning.hyperparameters_of(trained) == Hyperparameters(20.0, Augmentation.JOINED)


def test_the_labels_of_a_trial_are_those_of_its_beginning(trained: Project, monkeypatch: Any) -> None:
    monkeypatch.setattr(tuning, "RUN_SECONDS", 0)
    due()
    assert worker.run_job(trained.pk, Job.Kind.TUNE)
    before = Tuning.objects.get().annotations
    left = Document.objects.filter(project=trained, state=Document.State.OPEN, split="pool")
    answers = [(d.pk, [label(trained, truth(d.text))]) for d in left]
    imported.record(trained, answers, Annotation.Source.GOLD)
    assert worker.run_job(trained.pk, Job.Kind.TUNE)
    assert Tuning.objects.get().annotations == before
