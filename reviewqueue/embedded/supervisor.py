"""What happens when a child dies? It is reported and started again; one that keeps dying ends the service."""

import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import FrameType

from reviewqueue.embedded.process import Process, StartFailed

POLL_SECONDS = 0.25
MANY = 5  # deaths within the window after which starting again makes no sense
WINDOW_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.5  # doubles with each death in the window


class ServiceFailed(RuntimeError):
    """A child process keeps dying."""


class Stopped(BaseException):
    """Somebody asked the service to end: Ctrl-C, SIGTERM, or the terminal was closed."""


@dataclass
class Watched:
    """A child, how to start it, and when it died lately."""

    process: Process
    start: Callable[[], None]
    deaths: deque[float] = field(default_factory=deque)
    next_start: float | None = None  # set while it is down and waits for its turn


def report(line: str) -> None:
    """One line for the person at the terminal, with the time."""
    print(f"{datetime.now().astimezone():%H:%M:%S} {line}", file=sys.stderr, flush=True)


class Supervisor:
    """The parent of every process of the service."""

    def __init__(self, first_pause_seconds: float = FIRST_PAUSE_SECONDS) -> None:
        self.first_pause_seconds = first_pause_seconds
        self.children: list[Watched] = []

    def watch(self, process: Process, start: Callable[[], None] | None = None) -> None:
        """Keep a child alive; `start` where starting takes more than the process itself."""
        self.children.append(Watched(process, start or process.start))

    def look(self) -> None:
        """Notice the dead and start again those whose pause is over. Raises ServiceFailed."""
        for child in self.children:
            if child.next_start is None:
                code = child.process.exit_code()
                if code is not None:
                    self.mourn(child, code)
            elif time.monotonic() >= child.next_start:
                self.restart(child)

    def restart(self, child: Watched) -> None:
        """Start a child after its pause; one that fails to start has died once more."""
        child.next_start = None
        try:
            child.start()
        except StartFailed as error:
            report(str(error))
        else:
            report(f"{child.process.name} runs again.")

    def mourn(self, child: Watched, code: int) -> None:
        """Clean up after a dead child and set the time of its next start. Raises ServiceFailed."""
        now = time.monotonic()
        child.process.kill()  # what its leader left behind
        child.deaths.append(now)
        while child.deaths and child.deaths[0] < now - WINDOW_SECONDS:
            child.deaths.popleft()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        if len(child.deaths) >= MANY:
            raise ServiceFailed(
                f"{child.process.name} {how}, for the {len(child.deaths)}th time in a minute. "
                f"The end of {child.process.log}:\n{child.process.last_lines()}"
            )
        pause = self.first_pause_seconds * 2 ** (len(child.deaths) - 1)
        child.next_start = now + pause
        report(f"{child.process.name} {how}; it starts again in {pause:g} s. Log: {child.process.log}")


def stop_all(processes: list[Process]) -> None:
    """Ask all to end at once, then wait for each: as long as the slowest takes, not the sum."""
    for process in processes:
        process.ask_to_stop()
    for process in processes:
        process.stop()


@contextmanager
def stop_signals() -> Iterator[None]:
    """Turn the signals that mean "end" into one exception; once ending, they no longer interrupt."""

    def stop(number: int, frame: FrameType | None) -> None:
        ignore()
        raise Stopped

    def ignore() -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)

    # A shell starts background jobs with SIGINT and SIGQUIT ignored, and children would inherit that.
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asked to outlive its terminal
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
