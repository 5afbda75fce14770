"""Data folder status: what another process sees of a data folder, in every state that a service can be in."""

import fcntl
import json
import socket
import threading
import time
from pathlib import Path

import pytest

from labeling.jobs import service_status
from reviewqueue.embedded.folder import LOCK_PAUSE_SECONDS, DataFolder, FolderInUse
from reviewqueue.embedded.folder_status import State, folder_status

NOBODY_LISTENS = {
    "DATABASE_URL": "postgresql://queue:secret@127.0.0.1:1/reviewqueue",
    "REDIS_URL": "redis://:secret@127.0.0.1:1/0",
}


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_nothing_runs_on_a_folder_that_is_not_there_and_asking_does_not_make_it(folder):
    status = folder_status(folder)
    assert (status.state, status.exit_code) == (State.STOPPED, 3)
    assert "not running" in status.to_text()
    assert not folder.path.exists()


def test_a_service_that_has_not_said_where_it_is_is_starting(folder):
    with folder.lock():
        status = folder_status(folder)
    assert (status.state, status.exit_code) == (State.STARTING, 1)
    assert "unknown" in status.database


def test_a_service_whose_pages_do_not_answer_is_not_ready_and_its_servers_are_named_without_passwords(folder):
    address = free_address()
    with folder.lock():
        folder.announce(NOBODY_LISTENS, web=address)
        status = folder_status(folder)
    assert (status.state, status.exit_code, status.address) == (State.UNREADY, 1, address)
    assert status.reasons[0].startswith("The web server is not responding: ")
    assert status.database == "postgresql://127.0.0.1:1/reviewqueue: not responding"
    assert status.broker == "redis://127.0.0.1:1/0: not responding"
    assert "secret" not in status.to_text() + status.to_json()
    assert json.loads(status.to_json())["state"] == "unready"


def test_a_command_with_servers_of_its_own_is_no_service(folder):
    with folder.lock():
        folder.announce(NOBODY_LISTENS)
        status = folder_status(folder)
    assert (status.state, status.exit_code) == (State.COMMAND, 1)


def test_what_keeps_failing_is_told(folder):
    with folder.lock():
        folder.announce(NOBODY_LISTENS, web=free_address())
        service_status.write(
            folder.path,
            [service_status.Outage("trainer", 3, "2026-01-01T00:00:00+00:00", "ended with code 3")],
        )
        status = folder_status(folder)
    assert "trainer keeps failing: it ended with code 3." in status.reasons


def test_a_killed_service_leaves_a_folder_on_which_nothing_runs(folder):
    with folder.lock():
        folder.announce(NOBODY_LISTENS, web=free_address())
        left_behind = folder.addresses_file.read_text()
    folder.addresses_file.write_text(left_behind)
    assert folder_status(folder).state is State.STOPPED


def test_whoever_only_asks_keeps_no_service_from_starting(folder):
    with folder.lock():
        pass
    with (folder.path / "lock").open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        timer = threading.Timer(LOCK_PAUSE_SECONDS, fcntl.flock, [asking, fcntl.LOCK_UN])
        timer.start()
        with folder.lock():
            timer.join()
            assert folder.is_in_use()


def test_a_second_service_is_refused_at_once(folder):
    with folder.lock():
        began = time.monotonic()
        with pytest.raises(FolderInUse), DataFolder(folder.path).lock():
            pass
        assert time.monotonic() - began < LOCK_PAUSE_SECONDS
