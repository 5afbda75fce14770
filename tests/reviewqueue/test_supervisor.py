"""What does the supervisor do with children that die? Real ones, quick to start."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from labeling.jobs import service_status
from reviewqueue.embedded.process import Process
from reviewqueue.embedded.supervisor import (
    LONGEST_PAUSE_SECONDS,
    MAX_DEATHS,
    STABLE_SECONDS,
    ServiceFailed,
    Supervisor,
)
from reviewqueue.settings import BASE_DIR


def look_until(supervisor: Supervisor, condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        supervisor.look()
        time.sleep(0.01)


def test_a_killed_child_is_reported_and_started_again(tmp_path, capsys):
    sleeper = Process("sleeper", ["sleep", "300"], tmp_path / "sleeper.log")
    sleeper.start()
    supervisor = Supervisor(first_pause_seconds=0.01)
    supervisor.watch(sleeper)
    assert sleeper.child is not None
    first = sleeper.child.pid
    os.kill(first, signal.SIGKILL)
    look_until(supervisor, lambda: sleeper.child.pid != first and sleeper.exit_code() is None)
    sleeper.stop()
    output = capsys.readouterr().err.splitlines()
    assert len(output) == 2
    assert "sleeper was killed by SIGKILL and restarts in 0.01 s" in output[0]
    assert "sleeper is running again." in output[1]


def test_web_or_database_that_keep_dying_end_the_service_with_the_end_of_their_log(tmp_path):
    broken = Process("broken", ["sh", "-c", "echo cannot bind; exit 3"], tmp_path / "broken.log")
    broken.start()
    supervisor = Supervisor(first_pause_seconds=0.01)
    supervisor.watch(broken, is_essential=True)
    with pytest.raises(
        ServiceFailed, match=rf"ended with code 3, for the {MAX_DEATHS}th time.*\n(cannot bind\n?)+"
    ):
        look_until(supervisor, lambda: False)


def test_a_server_that_is_not_up_at_once_gets_another_try(tmp_path, capsys):
    """PostgreSQL refuses to start while children of its killed self still hold its memory."""
    marker = tmp_path / "second"
    script = f"test -e {marker} && exec sleep 300; touch {marker}; exit 1"
    slow = Process("slow", ["sh", "-c", script], tmp_path / "slow.log")
    supervisor = Supervisor(first_pause_seconds=0.01)
    supervisor.watch(slow)
    slow.start()
    assert slow.child is not None
    first = slow.child.pid
    look_until(supervisor, lambda: slow.child.pid != first)
    assert slow.exit_code() is None
    slow.stop()
    assert "slow ended with code 1" in capsys.readouterr().err


def test_any_other_child_that_keeps_dying_is_started_again_at_growing_pauses(tmp_path, capsys):
    broken = Process("broken", ["sh", "-c", "exit 3"], tmp_path / "broken.log")
    supervisor = Supervisor(first_pause_seconds=0.005)
    supervisor.start(broken)
    child = supervisor.children[0]
    look_until(supervisor, lambda: child.failures > MAX_DEATHS + 1)
    pauses = [float(pause) for pause in re.findall(r"restarts in ([\d.]+) s", capsys.readouterr().err)]
    assert pauses[: MAX_DEATHS + 2] == [0.005 * 2**number for number in range(MAX_DEATHS + 2)]
    child.failures = 1_000
    supervisor.mourn(child, "ended with code 3")
    assert f"restarts in {LONGEST_PAUSE_SECONDS:g} s" in capsys.readouterr().err


def test_what_keeps_failing_is_noted_until_it_has_lived_for_a_minute(tmp_path):
    sleeper = Process("sleeper", ["sleep", "300"], tmp_path / "sleeper.log")
    supervisor = Supervisor(first_pause_seconds=0.01, folder=tmp_path)
    supervisor.start(sleeper)
    child = supervisor.children[0]
    for count in (1, 2):
        os.kill(sleeper.child.pid, signal.SIGKILL)
        look_until(supervisor, lambda count=count: child.failures == count and child.running_since)
    (outage,) = service_status.read(tmp_path)
    assert (outage.part, outage.failures, outage.reason) == ("sleeper", 2, "was killed by SIGKILL")
    child.running_since -= STABLE_SECONDS + 1
    supervisor.look()
    assert service_status.read(tmp_path) == []
    sleeper.stop()


def test_a_child_that_cannot_be_started_is_tried_again_and_ends_nothing(tmp_path, capsys):
    """A file where its log's folder should be stands for whatever the system may refuse."""
    folder = tmp_path / "logs"
    folder.write_text("in the way")
    sleeper = Process("sleeper", ["sleep", "300"], folder / "sleeper.log")
    supervisor = Supervisor(first_pause_seconds=0.01)
    supervisor.start(sleeper)
    look_until(supervisor, lambda: supervisor.children[0].failures > 2)
    folder.unlink()
    look_until(supervisor, lambda: supervisor.children[0].running_since)
    assert sleeper.exit_code() is None
    sleeper.stop()
    assert "sleeper could not be started" in capsys.readouterr().err


def test_a_slow_start_does_not_keep_the_supervisor_from_the_others(tmp_path):
    """PostgreSQL may recover for minutes."""
    steps = iter([None] * 1_000_000)
    slow = Process("slow", ["sleep", "300"], tmp_path / "slow.log")
    other = Process("other", ["sleep", "300"], tmp_path / "other.log")
    supervisor = Supervisor(first_pause_seconds=0.01)
    supervisor.begin(supervisor.watch(slow, lambda: steps))
    supervisor.start(other)
    first = other.child.pid
    os.kill(first, signal.SIGKILL)
    look_until(supervisor, lambda: other.child.pid != first and other.exit_code() is None)
    assert supervisor.children[0].starting is not None
    other.stop()


@pytest.fixture
def full_disk(tmp_path) -> Iterator[Path]:
    """A disk of 64 kB that nothing more goes on; the status file was there before."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() or not mount or subprocess.run(command, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        service_status.write(folder, [])
        with suppress(OSError), (folder / "rest").open("wb", buffering=0) as rest:
            while True:
                rest.write(b"x" * 4096)
        assert shutil.disk_usage(folder).free == 0
        yield folder
    finally:
        subprocess.run([unmount or "umount", "--lazy", str(folder)], check=True)


def test_on_a_full_disk_children_are_kept_alive_and_failures_are_noted(full_disk):
    sleeper = Process("sleeper", ["sleep", "300"], full_disk / "sleeper.log")
    supervisor = Supervisor(first_pause_seconds=0.01, folder=full_disk)
    supervisor.start(sleeper)
    first = sleeper.child.pid
    os.kill(first, signal.SIGKILL)
    look_until(supervisor, lambda: sleeper.child.pid != first and sleeper.exit_code() is None)
    assert [outage.part for outage in service_status.read(full_disk)] == ["sleeper"]
    sleeper.stop()


def test_a_full_disk_ends_neither_the_database_nor_the_web_server_for_good(full_disk):
    broken = Process("postgres", ["sh", "-c", "exit 1"], full_disk / "postgres.log")
    supervisor = Supervisor(first_pause_seconds=0.001, folder=full_disk)
    broken.start()
    supervisor.watch(broken, is_essential=True)
    look_until(supervisor, lambda: supervisor.children[0].failures > MAX_DEATHS + 1)
    (full_disk / "rest").unlink()


def test_the_note_of_a_supervisor_that_is_gone_says_nothing(tmp_path):
    script = (
        "import sys, pathlib; from labeling.jobs import service_status as status;"
        "status.write(pathlib.Path(sys.argv[1]), [status.Outage('trainer', 9, 'long ago', 'was killed')])"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    subprocess.run(command, check=True, cwd=BASE_DIR)
    assert service_status.read(tmp_path) == []
