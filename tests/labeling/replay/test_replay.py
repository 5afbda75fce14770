"""Do the project's own labels tell what the queue has saved?"""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from labeling import worker as job_worker
from labeling.annotations import imported
from labeling.annotations.models import Annotation
from labeling.documents.models import Document
from labeling.exceptions import NotAllowed, NothingToReplay
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.query_strategies.mix import Strategy
from labeling.projects.models import Project
from labeling.replay import actions, worker
from labeling.replay.actions import ask
from labeling.replay.models import Replay, ReplayCurve
from tests.fixtures.people import fill, label
from tests.fixtures.saved_projects import Restore
from tests.fixtures.trained_project import WORDS, build_untrained, text_of, truth


def settle(project: Project, **which: Any) -> None:
    """Give these documents their right answers."""
    documents = Document.objects.filter(project=project, **which)
    answers = [(d.pk, [label(project, truth(d.text))]) for d in documents]
    imported.record(project, answers, Annotation.Source.GOLD)


@pytest.fixture
def settled(restore: Restore, make_project: Callable[..., Project]) -> Project:
    """The untrained project, all of it labeled, with enough documents for a replay."""
    return restore("settled", lambda: label_all(build_untrained(make_project)))


def label_all(untrained: Project) -> Project:
    names = list(WORDS)
    fill(untrained, [f"{text_of(names[n % 3], n)} order {n}" for n in range(40)])
    fill(untrained, [text_of(names[n % 3], n + 1500) for n in range(24)], split="test")
    outbox.enqueue(untrained.pk, Job.Kind.FEATURIZE)
    assert job_worker.run_job(untrained.pk, Job.Kind.FEATURIZE)
    settle(untrained)
    untrained.refresh_from_db()
    return untrained


@pytest.fixture
def few_steps(monkeypatch: Any) -> None:
    """A curve of two or three trainings is one too."""
    monkeypatch.setattr(worker, "MIN_BATCH", 60)


def worked(project: Project) -> Replay:
    """The replay after all the work that it takes."""
    while job_worker.run_job(project.pk, Job.Kind.REPLAY):
        assert not Job.objects.failing().exists()
    return Replay.objects.get(project=project)


@pytest.mark.usefixtures("few_steps")
def test_a_replay_tells_what_each_strategy_needed(settled: Project, joan: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(worker, "MAX_SEEDS", 2)
    ask(settled.pk, joan)
    done = worked(settled)
    assert done.finished_at
    assert done.result is not None
    assert (done.result["pool"], done.result["test"]) == (done.label_count, len(done.test_annotations))
    assert set(done.result["quality"]) == {"random", "margin", "default"}
    assert set(done.result["saved"]) == {"margin", "default"}
    assert done.result["labels"][0] == worker.MIN_BATCH
    assert done.result["labels"][-1] == done.label_count
    assert done.result["runs"] == 2
    assert done.result["full"]["value"] > 0.9
    for needed in done.result["reached"].values():
        assert 0 < needed["0.9"]["low"] <= needed["0.9"]["value"] <= needed["0.9"]["high"] <= done.label_count
    assert not ReplayCurve.objects.exists()


@pytest.mark.usefixtures("few_steps")
def test_a_worker_that_is_killed_loses_one_run(settled: Project, joan: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(worker, "RUN_SECONDS", 0)
    asked = ask(settled.pk, joan)
    assert job_worker.run_job(settled.pk, Job.Kind.REPLAY)
    assert [(c.strategy, c.seed) for c in asked.curves.all()] == [("random", 0)]
    assert worker.next_run(asked) == (Strategy.MARGIN, 0)
    assert Job.objects.get(kind=Job.Kind.REPLAY).state == Job.State.QUEUED


def test_no_seed_is_begun_after_the_time_but_two_are_always_drawn(settled: Project, joan: User) -> None:
    asked = ask(settled.pk, joan)
    runs = [(strategy, seed) for seed in range(2) for strategy in worker.STRATEGIES]
    for strategy, seed in runs:
        assert worker.next_run(asked) == (strategy, seed)
        ReplayCurve.objects.create(
            replay=asked, strategy=strategy.value, seed=seed, labels=[10], decided=b"", seconds=200
        )
    assert worker.next_run(asked) is None


def test_labels_that_come_during_a_replay_change_nothing_of_it(settled: Project, joan: User) -> None:
    asked = ask(settled.pk, joan)
    before = Replay.objects.get(pk=asked.pk).pool_annotations
    fill(settled, ["money back refund"])
    settle(settled, text="money back refund")
    assert ask(settled.pk, joan) == asked
    assert Replay.objects.get(pk=asked.pk).pool_annotations == before


@pytest.mark.usefixtures("few_steps")
def test_a_replay_can_be_asked_for_again_and_the_old_ones_go(
    settled: Project, joan: User, monkeypatch: Any
) -> None:
    monkeypatch.setattr(worker, "MAX_SEEDS", 1)
    for _ in range(worker.MAX_SAVED_REPLAYS + 1):
        Replay.objects.create(
            project=settled,
            asked_by=joan,
            classes=[],
            pool_annotations=[],
            test_annotations=[],
            label_count=0,
            answers_per_document=1,
            result={},
            finished_at="2026-01-01T00:00Z",
        )
    ask(settled.pk, joan)
    while job_worker.run_job(settled.pk, Job.Kind.REPLAY):
        pass
    assert Replay.objects.filter(project=settled).count() == worker.MAX_SAVED_REPLAYS


def test_too_few_labels_are_refused_with_what_is_missing(untrained: Project, joan: User) -> None:
    settle(untrained)
    with pytest.raises(NothingToReplay, match=r"100 labeled pool .* 30 labeled test .* 90 and 12"):
        ask(untrained.pk, joan)


def test_spans_are_not_offered(make_project: Callable[..., Project], joan: User) -> None:
    with pytest.raises(NothingToReplay, match="not available for span"):
        ask(make_project(kind="spans").pk, joan)


def test_only_a_manager_may_ask(settled: Project, ann: User) -> None:
    with pytest.raises(NotAllowed):
        ask(settled.pk, ann)


def test_a_large_past_is_drawn_from_at_random(settled: Project, joan: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(actions, "MAX_POOL", 100)
    asked = ask(settled.pk, joan)
    assert len(set(asked.pool_annotations)) == 100 < asked.label_count


@pytest.mark.usefixtures("few_steps")
def test_several_classes_are_replayed_too(
    make_project: Callable[..., Project], joan: User, settings: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    settings.FEATURES_DIR = tmp_path / "features"
    monkeypatch.setattr(worker, "MAX_SEEDS", 1)
    names = list(WORDS)
    project = make_project(kind="multi", texts=[text_of(names[n % 3], n) for n in range(100)])
    fill(project, [text_of(names[n % 3], n + 500) for n in range(30)], split="test")
    outbox.enqueue(project.pk, Job.Kind.FEATURIZE)
    assert job_worker.run_job(project.pk, Job.Kind.FEATURIZE)
    settle(project)
    ask(project.pk, joan)
    result = worked(project).result
    assert result is not None
    assert result["full"]["value"] > 0.8
