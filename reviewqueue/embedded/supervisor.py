"""The supervisor of the service's processes: what dies is reported and started again.

Labeling needs the web server and the database alone: only they end the service when they keep dying. Whatever
else fails is tried again, at pauses that grow to a minute.
"""

import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from labeling.jobs import service_status
from reviewqueue.embedded.process import Process, StartFailed

POLL_SECONDS = 0.25
MAX_DEATHS = 5  # deaths of an essential child within the window, after which starting again makes no sense
WINDOW_SECONDS = 60.0
STABLE_SECONDS = 60.0  # of life, after which earlier deaths count no more
FIRST_PAUSE_SECONDS = 0.5  # doubles with each death
LONGEST_PAUSE_SECONDS = 60.0


class ServiceFailed(RuntimeError):
    """A child process that labeling needs keeps failing."""


class Stopped(BaseException):
    """The service was asked to stop: Ctrl-C, SIGTERM, or the terminal was closed."""


@dataclass
class Watched:
    """A child, how to start it, and how it fared lately."""

    process: Process
    start: Callable[[], Iterator[None]]  # in steps, a step for each moment of waiting
    is_essential: bool = False
    deaths: deque[float] = field(default_factory=deque)
    failures: int = 0  # in a row
    failing_since: str = ""
    reason: str = ""  # of the last of them
    running_since: float | None = None  # None while it is down or starts
    next_start: float | None = None  # set while it is down and waits for its turn
    starting: Iterator[None] | None = None  # set while it starts


def report(line: str) -> None:
    """One line for the person at the terminal, with the time. Where it cannot be written, it is lost."""
    with suppress(OSError):
        print(f"{datetime.now().astimezone():%H:%M:%S} {line}", file=sys.stderr, flush=True)


class Supervisor:
    """The parent of every process of the service."""

    def __init__(self, first_pause_seconds: float = FIRST_PAUSE_SECONDS, folder: Path | None = None) -> None:
        """Watch nothing yet.

        folder : the data folder, in which it notes what keeps failing; see labeling.jobs.service_status
        """
        self.first_pause_seconds = first_pause_seconds
        self.folder = folder
        self.children: list[Watched] = []

    def watch(
        self,
        process: Process,
        start: Callable[[], Iterator[None]] | None = None,
        *,
        is_essential: bool = False,
    ) -> Watched:
        """Keep a child alive that was started; `start` where starting takes more than the process itself."""
        child = Watched(process, start or process.starting, is_essential, running_since=time.monotonic())
        self.children.append(child)
        return child

    def start(self, process: Process) -> None:
        """Start a child, now or when it can be started, and keep it alive."""
        child = self.watch(process)
        self.begin(child)

    def look(self) -> None:
        """Notice the dead, and start again those whose pause is over. Raises ServiceFailed."""
        now = time.monotonic()
        for child in self.children:
            if child.starting is not None:
                self.go_on(child)
            elif child.next_start is not None:
                if now >= child.next_start:
                    self.begin(child)
            elif (code := child.process.exit_code()) is not None:
                self.mourn(child, ending(code))
            elif child.failures and child.running_since and now - child.running_since > STABLE_SECONDS:
                child.failures = 0
                self.note()

    def begin(self, child: Watched) -> None:
        """Start a child after its pause, up to the first moment of waiting."""
        child.next_start, child.running_since = None, None
        child.starting = child.start()
        self.go_on(child)

    def go_on(self, child: Watched) -> None:
        """One more step of a start; one that fails has died once more."""
        assert child.starting is not None
        try:
            next(child.starting)
        except StopIteration:
            child.starting, child.running_since = None, time.monotonic()
            if child.failures:
                report(f"{child.process.name} is running again.")
        except (StartFailed, OSError) as error:
            child.starting = None
            report(str(error))
            self.mourn(child, f"could not be started ({type(error).__name__})")

    def mourn(self, child: Watched, how: str) -> None:
        """Clean up after a dead child and set the time of its next start. Raises ServiceFailed."""
        now = time.monotonic()
        with suppress(OSError):
            child.process.kill()  # what its leader left behind
        self.count(child, how, now)
        if child.is_essential and len(child.deaths) >= MAX_DEATHS:
            raise ServiceFailed(
                f"{child.process.name} {how}, for the {len(child.deaths)}th time in a minute. "
                f"The end of {child.process.log}:\n{child.process.last_lines()}"
            )
        pause = min(self.first_pause_seconds * 2 ** min(child.failures - 1, 20), LONGEST_PAUSE_SECONDS)
        child.running_since, child.next_start = None, now + pause
        report(f"{child.process.name} {how} and restarts in {pause:g} s. Log: {child.process.log}")
        self.note()

    def count(self, child: Watched, how: str, now: float) -> None:
        """Add a death. While the disk is full, none speaks against the child itself."""
        if not child.failures or (child.running_since and now - child.running_since > STABLE_SECONDS):
            child.failures, child.failing_since = 0, datetime.now(UTC).isoformat(timespec="seconds")
        child.failures += 1
        child.reason = how
        if self.folder is None or not service_status.is_disk_full(self.folder):
            child.deaths.append(now)
        while child.deaths and child.deaths[0] < now - WINDOW_SECONDS:
            child.deaths.popleft()

    def note(self) -> None:
        """Write down what keeps failing, for the pages. Where that fails, the terminal has it."""
        if self.folder is None:
            return
        outages = [
            service_status.Outage(child.process.name, child.failures, child.failing_since, child.reason)
            for child in self.children
            if child.failures
        ]
        with suppress(OSError):
            service_status.write(self.folder, outages)


def ending(code: int) -> str:
    """How a child ended, as a person would say it.

    >>> ending(3), ending(-9)
    ('ended with code 3', 'was killed by SIGKILL')
    """
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


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
