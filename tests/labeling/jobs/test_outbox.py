"""What becomes of a job whose run fails, is killed, or is queued again meanwhile?"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module

import pytest
from django.db import OperationalError, connection, transaction

from labeling import worker
from labeling.db.clock import Now
from labeling.features.embeddings import enqueue_missing
from labeling.jobs import outbox, runners
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.training import tuning
from tests.fixtures.people import Clock
from tests.labeling.queue.actors import Actor

pytestmark = pytest.mark.django_db(transaction=True)
TRAIN = Job.Kind.TRAIN
SLEEP = shutil.which("sleep") or "sleep"
REQUEUE = 'UPDATE "labeling_owedwork"'


@pytest.fixture(autouse=True)
def _nobody_is_left_standing() -> Iterator[None]:
    yield
    Actor.end_all()


@pytest.fixture
def running(make_project: Callable[..., Project]) -> Job:
    """The first run of a training."""
    project = make_project()
    outbox.enqueue(project.pk, TRAIN)
    return started(project.pk)


def started(project_id: int) -> Job:
    job = outbox.start(project_id, TRAIN)
    assert job is not None
    return job


def rows(job: Job) -> list[tuple[str, int, int, str]]:
    of_kind = Job.objects.filter(project=job.project_id, kind=job.kind)
    return list(of_kind.values_list("state", "attempts", "interruptions", "failure"))


def pause(job: Job) -> int:
    """Seconds until the next attempt, rounded; 0 where it is due."""
    queued = Job.objects.annotate(now=Now()).get(project=job.project_id, kind=job.kind)
    return round((queued.next_attempt_at - queued.now).total_seconds()) if queued.next_attempt_at else 0


def go_by(job: Job) -> None:
    """The pause before the next attempt is over."""
    Job.objects.filter(project=job.project_id, kind=job.kind).update(next_attempt_at=Now())


def of_another_process(job: Job) -> "subprocess.Popen[bytes]":
    """The run belongs to a process that sleeps, on this machine."""
    child = subprocess.Popen([SLEEP, "300"])
    runner = f"{runners.machine()} {child.pid} {runners.start_time(child.pid)}"
    Job.objects.filter(pk=job.pk).update(runner=runner)
    return child


def test_work_owed_between_the_look_and_the_write_of_a_failed_run_stays_queued_once(
    running: Job,
) -> None:
    failing = Actor(lambda: outbox.fail(running, "it broke"), stop_before=REQUEUE).begin()
    outbox.enqueue(running.project_id, TRAIN)
    failing.finish()
    assert rows(running) == [("queued", 1, 0, "it broke")]


def test_work_that_is_just_being_owed_and_a_failed_run_become_one(running: Job) -> None:
    failing = Actor(lambda: outbox.fail(running, "it broke"))
    with transaction.atomic():
        outbox.enqueue(running.project_id, TRAIN)
        failing.begin_and_block()
    failing.finish()
    assert rows(running) == [("queued", 1, 0, "it broke")]


def test_a_failed_run_that_was_taken_over_changes_nothing(running: Job) -> None:
    outbox.interrupt(running, "it was taken for dead")
    newer = started(running.project_id)
    outbox.enqueue(running.project_id, TRAIN)
    before = rows(running)
    outbox.fail(running, "too late")
    assert rows(running) == before
    outbox.beat(newer)


def test_errors_of_its_own_are_tried_again_at_pauses_that_grow_to_an_hour_and_never_end(
    running: Job,
) -> None:
    pauses = []
    for number in range(12):
        job = running if number == 0 else started(running.project_id)
        outbox.fail(job, "no word in it")
        pauses.append(pause(job))
        assert outbox.start(job.project_id, TRAIN) is None
        go_by(job)
    assert pauses == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]
    assert rows(running) == [("queued", 12, 0, "no word in it")]


def test_a_success_clears_every_failure_of_its_kind(running: Job) -> None:
    outbox.fail(running, "no word in it")
    go_by(running)
    second = started(running.project_id)
    assert second.attempts == 1
    outbox.finish(second)
    assert rows(running) == []


def test_kills_count_no_attempt_and_the_first_of_them_costs_no_pause(running: Job) -> None:
    pauses = []
    for number in range(5):
        job = running if number == 0 else started(running.project_id)
        outbox.interrupt(job, outbox.ENDED)
        pauses.append(pause(job))
        go_by(job)
    assert pauses == [0, 5, 10, 20, 40]
    assert rows(running) == [("queued", 0, 5, outbox.ENDED)]


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (OSError(28, "No space left on device"), (0, 1)),
        (OSError("4096 requested and 1024 written"), (0, 1)),
        (OperationalError("the connection is lost"), (0, 1)),
        (MemoryError(), (0, 1)),
        (ValueError("no word in it"), (1, 0)),
        (FileNotFoundError("it never wrote it"), (1, 0)),
    ],
)
def test_only_an_error_of_the_run_itself_counts_as_an_attempt(
    tickets: Project, monkeypatch: pytest.MonkeyPatch, error: Exception, counted: tuple[int, int]
) -> None:
    def run(job: Job) -> None:
        raise RuntimeError("the store cannot be written") from error

    monkeypatch.setitem(worker.HANDLERS, TRAIN, run)
    outbox.enqueue(tickets.pk, TRAIN)
    assert worker.run_job(tickets.pk, TRAIN)
    assert Job.objects.values_list("attempts", "interruptions").get(project=tickets, kind=TRAIN) == counted


def test_a_run_of_a_killed_process_is_free_at_once_and_one_of_a_living_process_is_not(
    running: Job,
) -> None:
    process = of_another_process(running)
    outbox.reconcile()
    assert rows(running) == [("running", 0, 0, "")]
    process.kill()  # nobody has waited for it yet: a zombie is dead too
    while runners.start_time(process.pid):
        pass
    outbox.reconcile()
    assert rows(running) == [("queued", 0, 1, outbox.ENDED)]
    process.wait()


def test_the_message_that_comes_back_from_a_killed_process_starts_the_work_anew(running: Job) -> None:
    process = of_another_process(running)
    assert outbox.start(running.project_id, TRAIN) is None
    process.kill()
    process.wait()
    again = started(running.project_id)
    assert (again.attempts, again.interruptions) == (0, 1)


def test_a_pid_that_is_used_again_does_not_keep_a_dead_run(running: Job) -> None:
    process = of_another_process(running)
    Job.objects.update(runner=f"{runners.machine()} {process.pid} 1")
    outbox.reconcile()
    assert rows(running) == [("queued", 0, 1, outbox.ENDED)]
    process.kill()
    process.wait()


def test_a_run_on_another_machine_is_free_after_fifteen_seconds_of_silence(
    running: Job, clock: Clock
) -> None:
    Job.objects.update(runner="another-boot pid:[4026531836] 1 1")
    clock.advance(seconds=14)
    outbox.reconcile()
    assert rows(running) == [("running", 0, 0, "")]
    clock.advance(seconds=2)
    outbox.reconcile()
    assert rows(running) == [("queued", 0, 1, outbox.ENDED)]


def test_silence_while_the_database_was_away_is_nobodys_fault(running: Job, clock: Clock) -> None:
    """A run that is silent since before the database started has fifteen seconds from that start."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM labeling_now() - pg_postmaster_start_time())")
        up_seconds = int(cursor.fetchone()[0])
    Job.objects.update(heartbeat_at=Now() - timedelta(hours=9))
    clock.advance(seconds=5 - up_seconds)
    outbox.reconcile()
    assert rows(running) == [("running", 0, 0, "")]
    clock.advance(seconds=12)
    outbox.reconcile()
    assert rows(running) == [("queued", 0, 1, outbox.ENDED)]


@pytest.mark.slow
def test_a_run_of_one_long_step_shows_that_it_lives(running: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "HEARTBEAT_SECONDS", 0.01)
    long_ago = Now() - timedelta(hours=1)
    Job.objects.update(heartbeat_at=long_ago)
    with outbox.heartbeat(running):
        while Job.objects.filter(heartbeat_at__lt=Now() - timedelta(minutes=1)).exists():
            pass
    outbox.beat(running)


def test_new_input_shortens_a_long_pause_to_a_minute_and_a_click_ends_it(running: Job) -> None:
    Job.objects.filter(pk=running.pk).update(attempts=11)
    running.refresh_from_db()
    outbox.fail(running, "no word in it")
    outbox.enqueue(running.project_id, TRAIN)
    outbox.enqueue(running.project_id, TRAIN)
    assert pause(running) == outbox.NEW_INPUT_PAUSE_SECONDS
    assert rows(running) == [("queued", 12, 0, "no word in it")]
    outbox.retry(running.project_id, TRAIN)
    assert rows(running) == [("queued", 0, 0, "")]
    assert pause(running) == 0


def test_work_that_waits_for_its_next_attempt_gets_no_message_before(running: Job) -> None:
    outbox.fail(running, "no word in it")
    assert outbox.reconcile() == 0
    go_by(running)
    assert outbox.reconcile() == 1
    assert outbox.reconcile() == 0


def test_the_clock_does_not_shorten_the_pause_of_what_it_owes_by_itself(tickets: Project) -> None:
    for kind in (Job.Kind.EMBED, Job.Kind.TUNE):
        later = Now() + timedelta(hours=1)
        Job.objects.create(project=tickets, kind=kind, attempts=9, next_attempt_at=later)
    enqueue_missing()
    tuning.enqueue_due()
    soon = Job.objects.filter(project=tickets, next_attempt_at__lt=Now() + timedelta(minutes=50))
    assert not soon.exclude(next_attempt_at=None).exists()


def test_work_that_an_earlier_version_gave_up_is_queued_again_once(tickets: Project) -> None:
    Job.objects.filter(project=tickets).delete()
    for kind, state in [("train", "failed"), ("train", "failed"), ("rank", "failed"), ("rank", "queued")]:
        Job.objects.create(project=tickets, kind=kind, state=state, attempts=3, failure="killed")
    with connection.cursor() as cursor:
        cursor.execute(import_module("labeling.migrations.0030_owed_work_is_never_given_up").TRY_AGAIN)
    left = Job.objects.filter(project=tickets).order_by("kind")
    assert list(left.values_list("kind", "state", "attempts")) == [
        ("rank", "queued", 0),
        ("train", "queued", 0),
    ]
