"""Does a label lead to a new order, whatever happens to messages and workers? The service's own processes."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from labeling import worker as job_worker
from labeling.annotations import submit
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission
from labeling.db.clock import Now
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.queue import claims
from reviewqueue.celery import app
from reviewqueue.embedded.process import Process
from reviewqueue.embedded.programs import beat, worker
from tests.fixtures.people import fill, label
from tests.servers import VALKEY

pytestmark = [pytest.mark.workers, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PATIENCE_SECONDS = 120  # of a machine that does ten other things
WORDS = {
    "Refund": "money back refund return payment twice cancel charge",
    "Billing": "invoice card tax amount due date bill account number",
    "Delivery": "parcel courier late box address tracking door neighbor",
}
TRAIN = Job.Kind.TRAIN
LOST = "Connection to broker lost"  # what Celery says of it


@pytest.fixture(scope="module")
def processes(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Process]]:
    """Worker, trainer and beat as the service starts them, on the database of the tests."""
    folder = tmp_path_factory.mktemp("service")
    environment = os.environ | {"DATABASE_URL": url_of_the_tests(), "PYTHONPATH": str(settings.BASE_DIR)}
    started = {
        "worker": worker("worker", "default", 1, environment, folder),
        "trainer": worker("trainer", "train", 1, environment, folder),
        "beat": beat(environment, folder, folder),
    }
    app.control.purge()  # other tests owed work that went with their database
    try:
        for process in started.values():
            process.start()
        yield started
    finally:
        for process in started.values():
            process.kill()


@pytest.fixture
def untrained(processes: dict[str, Process], make_project: Callable[..., Project], ann: User) -> Project:
    """A project whose features the workers made, with ten labels and the first model behind it."""
    names = list(WORDS)
    project = make_project(texts=[text_of(names[n % 3], n) for n in range(60)])
    fill(project, [text_of(names[n % 3], n + 500) for n in range(6)], split="test")
    outbox.enqueue(project.pk, Job.Kind.FEATURIZE)
    wait_until(is_all_done)
    give_labels(project, ann, 10)
    wait_until(lambda: ready(project) == 1 and is_all_done())
    project.refresh_from_db()
    return project


def url_of_the_tests() -> str:
    """The address of the database that pytest made beside the one in the environment."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


def text_of(name: str, number: int) -> str:
    words = WORDS[name].split()
    return " ".join(words[(number + step * step) % len(words)] for step in range(5)) + f" case {number}"


def give_labels(project: Project, who: User, count: int) -> None:
    for held in claims.claim(project.pk, who, count).documents:
        name = max(WORDS, key=lambda name: sum(word in WORDS[name].split() for word in held.text.split()))
        submit.submit(who, Submission(held.token, [label(project, name)]))


def wait_until(condition: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE_SECONDS, "it did not happen in time"
        time.sleep(0.05)


def ready(project: Project) -> int:
    return project.model_versions.ready().count()


def is_all_done() -> bool:
    """Embeddings apart: no worker that would make them runs here."""
    return not Job.objects.exclude(kind=Job.Kind.EMBED).exists()


def generation(project: Project) -> int:
    return Project.objects.values_list("generation", flat=True).get(pk=project.pk)


def states(project: Project) -> list[str]:
    """Of all model versions, the oldest first."""
    versions = ModelVersion.objects.filter(project=project).order_by("number")
    return list(versions.values_list("state", flat=True))


def never_silent() -> None:
    """From now on silence does not tell that a run is dead; only its process does."""
    Job.objects.filter(state=Job.State.RUNNING).update(heartbeat_at=Now() + timedelta(hours=1))


def children(process: Process) -> list[int]:
    """Of a Celery worker: the processes that run its tasks."""
    assert process.child is not None
    pid = process.child.pid
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*") if parent_of(path) == pid]
    assert pids
    return pids


def parent_of(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def is_somebody_waiting() -> bool:
    """Whether another session of this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def unpublished(project: Project) -> Iterator[None]:
    """No new order can be published before we leave: a trainer that has one waits, with its model fitted."""
    with psycopg.connect(url_of_the_tests()) as other:
        other.execute("SELECT 1 FROM labeling_project WHERE id = %s FOR NO KEY UPDATE", [project.pk])
        yield


def test_labels_lead_to_a_new_order(untrained: Project, ann: User) -> None:
    before = untrained.generation
    give_labels(untrained, ann, 10)
    wait_until(lambda: ready(untrained) == 2)
    assert generation(untrained) > before
    newest = Annotation.objects.filter(project=untrained).latest("pk")
    assert untrained.model_versions.ready()[0].trained_through == newest.pk


def test_a_broker_that_forgot_everything_costs_nothing(untrained: Project) -> None:
    Job.objects.create(project=untrained, kind=TRAIN)  # owed, and its message gone with all the others
    redis.Redis.from_url(settings.REDIS_URL).flushall()
    wait_until(lambda: ready(untrained) == 2 and is_all_done())


def test_two_messages_lead_to_one_training(untrained: Project) -> None:
    with unpublished(untrained):
        outbox.enqueue(untrained.pk, TRAIN)
        wait_until(is_somebody_waiting)
        assert not job_worker.run_job(untrained.pk, TRAIN)  # another worker got the same message
        outbox.hint(untrained.pk, TRAIN)
    wait_until(lambda: ready(untrained) == 2 and is_all_done())
    app.send_task("labeling.tasks.train", args=[untrained.pk], queue="train")  # as an earlier version sent it
    outbox.enqueue(untrained.pk, Job.Kind.RANK)  # the trainer takes it after the messages before
    wait_until(is_all_done)
    assert ModelVersion.objects.filter(project=untrained).count() == 2


def test_a_long_embedding_delays_no_training(untrained: Project) -> None:
    outbox.enqueue(untrained.pk, Job.Kind.EMBED)  # no worker of its lane runs here: it takes for ever
    outbox.enqueue(untrained.pk, TRAIN)
    wait_until(lambda: ready(untrained) == 2 and is_all_done())
    assert Job.objects.filter(project=untrained, kind=Job.Kind.EMBED).exists()


def test_a_trainer_that_is_killed_leaves_the_old_order_until_another_one_is_done(
    untrained: Project, ann: User, processes: dict[str, Process]
) -> None:
    with unpublished(untrained):
        outbox.enqueue(untrained.pk, TRAIN)
        wait_until(is_somebody_waiting)
        processes["trainer"].kill()
        assert generation(untrained) == untrained.generation
        (held,) = claims.claim(untrained.pk, ann).documents
        assert held.reason.model == 1
    never_silent()
    processes["trainer"].start()
    wait_until(is_all_done)
    assert states(untrained) == ["ready", "failed", "ready"]
    assert generation(untrained) > untrained.generation


def test_a_run_whose_own_process_is_killed_is_done_by_the_next_one(
    untrained: Project, processes: dict[str, Process]
) -> None:
    with unpublished(untrained):
        outbox.enqueue(untrained.pk, TRAIN)
        wait_until(is_somebody_waiting)
        for pid in children(processes["trainer"]):
            os.kill(pid, signal.SIGKILL)
    never_silent()
    wait_until(is_all_done)
    assert states(untrained) == ["ready", "failed", "ready"]


@pytest.mark.skipif(VALKEY is None, reason="REDIS_URL names a server that is not ours to kill")
def test_a_training_goes_on_while_the_broker_is_away(
    untrained: Project, processes: dict[str, Process]
) -> None:
    assert VALKEY is not None
    with unpublished(untrained):
        outbox.enqueue(untrained.pk, TRAIN)
        wait_until(is_somebody_waiting)
        before = processes["trainer"].log.read_text().count(LOST)
        VALKEY.process.kill()
        wait_until(lambda: processes["trainer"].log.read_text().count(LOST) > before)
        VALKEY.start()
    wait_until(is_all_done)
    assert states(untrained) == ["ready", "ready"]
