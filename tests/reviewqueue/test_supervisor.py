"""What does the supervisor do with children that die? Real ones, quick to start."""

import os
import signal
import time

import pytest

from reviewqueue.embedded.process import Process
from reviewqueue.embedded.supervisor import MANY, ServiceFailed, Supervisor


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
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "sleeper was killed by SIGKILL; it starts again in 0.01 s" in said[0]
    assert "sleeper runs again." in said[1]


def test_a_child_that_keeps_dying_ends_the_service_with_the_end_of_its_log(tmp_path):
    broken = Process("broken", ["sh", "-c", "echo cannot bind; exit 3"], tmp_path / "broken.log")
    broken.start()
    supervisor = Supervisor(first_pause_seconds=0.01)
    supervisor.watch(broken)
    with pytest.raises(
        ServiceFailed, match=rf"ended with code 3, for the {MANY}th time.*\n(cannot bind\n?)+"
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
