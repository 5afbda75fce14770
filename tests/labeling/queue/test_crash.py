"""Does an acknowledged answer survive kill -9 of the database? Three times, on a server of the test's own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewqueue.embedded.postgres import Postgres

ROOT = Path(__file__).parents[3]
CLIENT = [sys.executable, "-m", "tests.labeling.queue.crash_client"]
MANAGE = [sys.executable, "manage.py"]
CRASHES = 3
ANSWERS_BEFORE_CRASH = 100  # answers before each crash


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A durable server: unlike that of the other tests, it may not lose what it said it has."""
    server = Postgres(tmp_path / "crash", tmp_path / "logs")
    server.start()
    yield server
    server.process.stop()


def run(server: Postgres, *command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, env=environment(server), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(server: Postgres) -> dict[str, str]:
    settings = {"DATABASE_URL": server.url, "DJANGO_SETTINGS_MODULE": "reviewqueue.settings"}
    return {**os.environ, **settings, "PYTHONPATH": str(ROOT)}


def lines(path: Path) -> int:
    return path.read_text().count("\n") if path.exists() else 0


@pytest.mark.slow
def test_every_acknowledged_answer_survives_the_kill_of_the_database(
    postgres: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = tmp_path / "acknowledged"
    run(postgres, *MANAGE, "migrate", "--verbosity", "0")
    run(postgres, *CLIENT, "prepare")
    for _ in range(CRASHES):
        client = subprocess.Popen([*CLIENT, "label", str(noted)], cwd=ROOT, env=environment(postgres))
        wait_for_answers(noted, lines(noted) + ANSWERS_BEFORE_CRASH, client)
        assert postgres.process.child is not None
        os.kill(postgres.process.child.pid, signal.SIGKILL)
        client.wait(60)
        postgres.process.child.wait()
        postgres.start()
    strip = run(postgres, *CLIENT, "check", str(noted)).strip()
    with capsys.disabled():
        print(f"\n{CRASHES} crashes: {strip}")
    assert " lost=0 " in strip
    assert "BROKEN" not in run(postgres, *MANAGE, "verify_invariants")


def wait_for_answers(path: Path, wanted: int, client: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while lines(path) < wanted:
        assert client.poll() is None, "the client ended before the database was killed"
        assert time.monotonic() < deadline, "too few answers to kill the database in the middle of them"
        time.sleep(0.02)
