"""Does the queue prove itself against its own random labels, and give way to them where it loses?"""

from collections import Counter
from typing import Any

import pytest
from django.contrib.auth.models import User

from labeling import worker
from labeling.exceptions import NotAllowed
from labeling.explanations.reasons import for_annotators, reason_sentence
from labeling.explanations.selection_reason import SelectionReason
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.evaluation.control_arm import LiveSavings
from labeling.learning.evaluation.label_savings import Estimate
from labeling.learning.query_strategies.mix import Mix
from labeling.learning.query_strategies.random_fallback import HALF, NEARLY_ALL, fallen_back
from labeling.projects.models import Project
from labeling.queue.models import Lease, QueueEntry
from labeling.replay import control
from labeling.replay.control import conclude
from labeling.steering.actions import allow_fallback, change_mix, mix_in_use, mix_of
from labeling.steering.models import ControlComparison

WORSE, OPEN = (-0.08, -0.02), (-0.03, 0.02)


@pytest.fixture
def measured(measured: Project, monkeypatch: Any) -> Project:
    """Forty labels, 24 of which chance drew, in a world where those and a dozen test documents are enough."""
    monkeypatch.setattr(control, "MIN_RANDOM", 20)
    monkeypatch.setattr(control, "MIN_TEST", 10)
    drawn = Lease.objects.filter(project=measured).order_by("pk").values("pk")[:24]
    Lease.objects.filter(pk__in=drawn).update(reason={"share": "random", "propensity": 0.1})
    Job.objects.all().delete()
    return measured


def due() -> list[int]:
    control.enqueue_due()
    return list(Job.objects.filter(kind=Job.Kind.COMPARE).values_list("project", flat=True))


def compared(project: Project, gain: tuple[float, float]) -> ControlComparison:
    """A comparison that ends with this interval of the gain."""
    low, high = gain
    savings = LiveSavings(400, 60, 90, Estimate(0, -90, 90), Estimate(low, low, high), [], [], [])
    comparison = ControlComparison.objects.create(
        project=project,
        label_count=400,
        pool_size=900,
        classes=[],
        annotations=[],
        random_annotations=[],
        test_annotations=[],
    )
    outbox.enqueue(project.pk, Job.Kind.COMPARE)
    job = outbox.start(project.pk, Job.Kind.COMPARE)
    assert job
    conclude(job, comparison, savings)
    outbox.finish(job)
    comparison.refresh_from_db()
    return comparison


def ranks() -> int:
    """How many re-rankings wait; they are taken as done."""
    return Job.objects.filter(kind=Job.Kind.RANK).delete()[0]


def shares(project: Project) -> Counter[str]:
    """Of the head, after a new ranking."""
    outbox.enqueue(project.pk, Job.Kind.RANK)
    assert worker.run_job(project.pk, Job.Kind.RANK)
    project.refresh_from_db()
    return Counter(entry.reason["share"] for entry in QueueEntry.objects.live(project))


def test_the_queue_is_compared_with_its_random_labels(measured: Project) -> None:
    assert due() == [measured.pk]
    while worker.run_job(measured.pk, Job.Kind.COMPARE):
        assert not Job.objects.failing().exists()
    comparison = ControlComparison.objects.get(project=measured)
    assert comparison.finished_at
    assert comparison.curves == b""
    savings = LiveSavings.from_json(comparison.result)
    assert (savings.labels, savings.random_labels, savings.test_documents) == (40, 24, 12)
    assert [point.labels for point in savings.queue][-1] == 40
    assert savings.saved.low <= savings.saved.value <= savings.saved.high


def test_a_worker_that_is_killed_loses_one_curve(measured: Project, monkeypatch: Any) -> None:
    monkeypatch.setattr(control, "RUN_SECONDS", 0)
    due()
    for number in (1, 2):
        assert worker.run_job(measured.pk, Job.Kind.COMPARE)
        comparison = ControlComparison.objects.get(project=measured)
        assert len(control._unpacked(comparison.curves)) == number
        assert comparison.finished_at is None
        assert Job.objects.get(kind=Job.Kind.COMPARE).state == Job.State.QUEUED


def test_the_next_comparison_waits_for_a_tenth_more_labels(measured: Project) -> None:
    compared(measured, OPEN)
    ControlComparison.objects.update(label_count=37)
    assert due() == []
    ControlComparison.objects.update(label_count=36)
    assert due() == [measured.pk]


def test_with_too_few_random_labels_none_is_due(measured: Project) -> None:
    Lease.objects.filter(project=measured, reason__share="random").update(reason={"share": "margin"})
    assert due() == []


def test_a_queue_that_is_worse_than_random_sampling_falls_back_and_comes_back(measured: Project) -> None:
    usual = Mix.usual(3)
    first = compared(measured, WORSE)
    assert (mix_in_use(measured, 3).random, ranks()) == (0.5, 1)
    second = compared(measured, WORSE)
    assert mix_in_use(measured, 3) == fallen_back(usual, NEARLY_ALL)
    assert second.fallen_since == first.fallen_since
    assert ranks() == 1

    compared(measured, OPEN)
    assert mix_in_use(measured, 3) == fallen_back(usual, NEARLY_ALL)
    assert ranks() == 0
    compared(measured, OPEN)
    assert mix_in_use(measured, 3) == fallen_back(usual, HALF)
    compared(measured, OPEN)
    last = compared(measured, OPEN)
    assert mix_in_use(measured, 3) == usual
    assert last.fallen_since is None


def test_the_next_head_is_half_random_and_says_why(measured: Project) -> None:
    before = shares(measured)
    compared(measured, WORSE)
    after = shares(measured)
    of_model = sum(after[share] for share in ("random", "margin", "weak_class"))
    assert after["random"] > before["random"]
    assert after["random"] == pytest.approx(of_model / 2, abs=1)
    entry = QueueEntry.objects.live(measured).filter(reason__share="random").first()
    assert entry
    reason = SelectionReason.from_json(entry.reason)
    assert "More documents than usual are random" in reason_sentence(reason, {})
    told = reason_sentence(for_annotators(reason), {})
    assert told == reason_sentence(for_annotators(SelectionReason("test")), {})


def test_a_manager_can_forbid_it(measured: Project, joan: User, ann: User) -> None:
    compared(measured, WORSE)
    ranks()
    project = allow_fallback(measured.pk, joan, False)
    assert mix_in_use(project, 3) == Mix.usual(3)
    assert ranks() == 1
    with pytest.raises(NotAllowed):
        allow_fallback(measured.pk, ann, True)
    assert mix_in_use(allow_fallback(measured.pk, joan, True), 3).random == 0.5


def test_a_strategy_without_shares_is_left_alone(measured: Project) -> None:
    compared(measured, WORSE)
    measured.strategy = Project.Strategy.MARGIN
    assert mix_in_use(measured, 3) == Mix.usual(3)


def test_what_a_manager_set_is_kept_beneath_it(measured: Project, joan: User) -> None:
    change_mix(measured.pk, joan, random=20, weak_class=20, second_opinion=0, seed_words=0)
    compared(measured, WORSE)
    assert mix_of(measured, 3) == Mix(0.2, 0.2, 0.0, 0.0)
    assert mix_in_use(measured, 3) == Mix(0.5, 0.125, 0.0, 0.0)


def test_too_little_to_compare_leaves_the_queue_where_it_is(measured: Project, monkeypatch: Any) -> None:
    compared(measured, WORSE)
    monkeypatch.setattr(control, "MIN_TEST", 1_000)
    outbox.enqueue(measured.pk, Job.Kind.COMPARE)
    assert worker.run_job(measured.pk, Job.Kind.COMPARE)
    newest = ControlComparison.objects.filter(project=measured).first()
    assert newest
    assert (newest.result, newest.level) == (None, HALF)
    assert newest.fallen_since
