"""Which tasks show what a worker does when it is killed? Loaded by the workers of test_workers.py alone."""

import os
import signal
import time
from pathlib import Path

from reviewqueue.celery import app


@app.task(name="tests.note")
def note(path: str, text: str) -> None:
    """Leave a line that says it ran."""
    with Path(path).open("a") as file:
        file.write(text + "\n")


@app.task(name="tests.fail")
def fail(reason: str) -> None:
    """Fail with a reason that the log would show."""
    raise ValueError(reason)


@app.task(name="tests.die_once")
def die_once(path: str) -> None:
    """The first run takes its own process with it, as running out of memory would."""
    note(path, "began")
    if Path(path).read_text() == "began\n":
        os.kill(os.getpid(), signal.SIGKILL)
    note(path, "ended")


@app.task(name="tests.take")
def take(path: str, seconds: float) -> None:
    """A task that is long enough to be interrupted."""
    note(path, "began")
    time.sleep(seconds)
    note(path, "ended")
