"""Does `up` hold together? The whole service as real processes: mended, shared, ended without a trace."""

import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from labeling.queue.lease_clock import ABSENT_SECONDS
from reviewqueue.heartbeat import BEAT_SECONDS
from tests.patience import wait_until
from tests.running import Service

AWAY_SECONDS = ABSENT_SECONDS + 1  # the shortest outage

pytestmark = [pytest.mark.slow, pytest.mark.workers, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("service"))
    service.start()
    yield service
    if service.process.poll() is None:  # a test failed before it ended the service
        service.process.terminate()
        service.process.wait(60)


def is_ready(service: Service) -> bool:
    try:
        with urllib.request.urlopen(f"{service.address()}/readyz", timeout=5) as answer:
            return bool(json.load(answer)["status"] == "ok")
    except OSError:
        return False


def becomes_ready(service: Service) -> bool:
    """Within two minutes: a busy machine imports the pages slowly.

    Four times in a row: of two web processes one may find its connection broken after the other is well.
    """
    deadline, in_a_row = time.monotonic() + 120, 0
    while in_a_row < 4 and time.monotonic() < deadline:
        in_a_row = in_a_row + 1 if is_ready(service) else 0
        time.sleep(0.2)
    return in_a_row == 4


def test_the_service_answers_where_it_says(service):
    assert becomes_ready(service)


def test_a_second_service_on_the_folder_gets_one_clear_line(service):
    second = service.embedded("up")
    assert second.returncode == 1
    assert second.stderr == (
        f"error: Another service is running on {service.folder}. Stop it, or choose another "
        "folder with --data.\n"
    )


def test_manage_uses_the_servers_that_run(service):
    done = service.embedded("manage", "migrate", "--check")
    assert done.returncode == 0, done.stderr


def test_the_data_folder_is_nobody_elses(service):
    for name in ("secret_key", "servers.json"):
        assert (service.folder / name).stat().st_mode & 0o077 == 0


def test_no_log_holds_the_secret_of_an_invitation_or_a_token(service):
    """G4: refused, missing and ordinary requests name their path in the logs, and it holds the secret."""
    invitation, token = "wAcACeFhT2yX0n3oPq5rStUvWxYz0123456789_-abc", "rq_" + "Zz9" * 15
    for path in (f"join/{invitation}/", f"join/{invitation}", f"join/{invitation}/more/", f"sign-in/{token}"):
        for method in ("GET", "POST"):
            request = urllib.request.Request(f"{service.address()}/{path}", method=method)
            with suppress(urllib.error.HTTPError):
                urllib.request.urlopen(request, timeout=30).close()
    deadline = time.monotonic() + 20
    while (logs := service.logs()).count("/join/***") < 8 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "Forbidden (CSRF cookie not set.): /join/***/" in logs
    assert '"GET /join/***/ ' in logs
    assert invitation not in logs
    assert token not in logs


@pytest.mark.parametrize("name", ["postgres", "valkey", "web", "worker", "beat"])
def test_kill_9_of_a_child_is_said_and_mended(service, name):
    service.wait_for("Ready: ")
    while not (service.folder / "logs" / "beat.pid").exists():  # the last to start
        time.sleep(0.1)
    os.kill(service.pid_of(name), signal.SIGKILL)
    service.wait_for(f"{name} was killed by SIGKILL")
    service.wait_for(f"{name} is running again.")
    assert becomes_ready(service)


def test_a_task_is_run_by_the_worker(service):
    workers = {"worker", "trainer", "background"}
    script = (
        "from reviewqueue.celery import app\nimport sys, time\n"
        "names, deadline = set(), time.monotonic() + 50\n"  # the background worker lets all others go first
        f"while names != {workers} and time.monotonic() < deadline:\n"
        f"    names |= {{n.split('@')[0] for a in app.control.ping(timeout=5, limit=3) for n in a}}\n"
        f"sys.exit(0 if names == {workers} else str(names))"
    )
    done = service.embedded("manage", "shell", "-v", "0", "-c", script)
    assert done.returncode == 0, done.stderr


LEASE = """
from datetime import timedelta
from django.contrib.auth.models import User
from labeling.db.clock import Now
from labeling.documents.models import Document
from labeling.guidelines import new_projects
from labeling.queue import claims
from labeling.queue.models import Lease
ann, is_new = User.objects.get_or_create(username="ann")
if is_new:
    project = new_projects.create(ann, name="Tickets", kind="single", class_names=["Refund", "Billing"])
    facts = {"content_hash": b"1", "split": "pool", "position": 0, "random_key": 0.5}
    Document.objects.create(project=project, text="Twice!", **facts)
    project.document_count = 1
    project.save()
    claims.claim(project.pk, ann)
lease = Lease.objects.annotate(now=Now()).get()
print(lease.state, lease.leased_until.timestamp(), lease.now.timestamp())
"""


def lease_of(service: Service) -> tuple[str, float, float]:
    """State and end of the only lease, and the database's time; the first call takes it."""
    done = service.embedded("manage", "shell", "-v", "0", "-c", LEASE)
    assert done.returncode == 0, done.stderr
    state, until, now = done.stdout.split()
    return state, float(until), float(now)


def freeze(service: Service, number: signal.Signals) -> None:
    """Send a signal to every process of the database: its sessions have written over their own names."""
    cluster = next(service.folder.glob("pg*/PG_VERSION")).parent.resolve()
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if path.joinpath("cwd").resolve(strict=True) == cluster:
                os.kill(int(path.name), number)


def wait_until_grown(service: Service, before: float) -> float:
    """By how many seconds the lease has grown, as soon as it has."""
    deadline = time.monotonic() + 60
    while (lease := lease_of(service))[1] <= before:
        assert time.monotonic() < deadline, "the lease does not grow"
    assert lease[0] == "live"
    return lease[1] - before


def test_leases_grow_by_an_outage_of_the_database(service):
    assert becomes_ready(service)
    _state, until, began = lease_of(service)  # a session of its own, which is over
    freeze(service, signal.SIGSTOP)
    time.sleep(AWAY_SECONDS)
    freeze(service, signal.SIGCONT)
    assert becomes_ready(service)
    grown = wait_until_grown(service, until)
    assert AWAY_SECONDS - 1 < grown < lease_of(service)[2] - began + BEAT_SECONDS  # the last sign was before


def test_leases_grow_by_the_time_in_which_the_service_was_killed(service):
    _state, until, began = lease_of(service)
    service.process.kill()
    service.process.wait()
    time.sleep(AWAY_SECONDS)
    service.start()
    grown = wait_until_grown(service, until)
    assert AWAY_SECONDS - 1 < grown < lease_of(service)[2] - began + BEAT_SECONDS  # the last sign was before


def has_started_all(service: Service) -> bool:
    """Whether the last of the children is this supervisor's own, and not left by one that was killed."""
    try:
        stat = Path(f"/proc/{service.pid_of('beat')}/stat").read_text()
    except OSError:
        return False
    return int(stat.rpartition(")")[2].split()[1]) == service.process.pid


def test_ctrl_c_ends_every_process(service):
    wait_until(lambda: has_started_all(service))
    wait_until(lambda: len(service.processes()) > 10)  # workers have children of their own
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(60) == 0
    assert service.processes() == []
    assert "Stopped." in service.output.read_text()
    assert not (service.folder / "servers.json").exists()


def test_kill_9_of_the_supervisor_leaves_nothing_that_hinders_the_next_start(service):
    service.start()
    service.process.kill()
    service.process.wait()
    service.start()
    assert becomes_ready(service)
    service.process.terminate()
    assert service.process.wait(60) == 0
    assert service.processes() == []


def test_manage_starts_servers_of_its_own_where_none_run(service):
    done = service.embedded("manage", "migrate", "--check")
    assert done.returncode == 0, done.stderr
    assert service.processes() == []
