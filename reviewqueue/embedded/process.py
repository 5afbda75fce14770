"""Child process: started, watched and ended, so that none is ever left behind."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from labeling.jobs.runners import start_time

STEP_SECONDS = 0.05
PID_SUFFIX = ".pid"  # of the file beside the log: the process's number and the time of its start
LOG_BYTES = 10_000_000  # a log that is longer at a start is put aside; one old one is kept


class StartFailed(RuntimeError):
    """A child process ended or did not respond in time while it was starting."""


def run_through(steps: Iterator[None]) -> None:
    """Take all steps of a start, waiting a moment after each."""
    for _ in steps:
        time.sleep(STEP_SECONDS)


def running(logs: Path) -> set[str]:
    """The names of the processes that live, by the files that they left beside their logs."""
    names = set()
    for file in logs.glob(f"*{PID_SUFFIX}"):
        with suppress(OSError, ValueError):  # it just ends, or just starts
            pid, began = file.read_text().split()
            if start_time(int(pid)) == began:
                names.add(file.stem)
    return names


class Process:
    """One child in a session of its own, with a log file; Ctrl-C in the terminal reaches only its parent."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        stop_seconds: float = 10,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self.environment = environment
        self.stop_signal = stop_signal
        self.stop_seconds = stop_seconds  # how long it may take to end before it is killed
        self.child: subprocess.Popen[bytes] | None = None
        self.is_asked_to_stop = False

    @property
    def pid_file(self) -> Path:
        return self.log.with_suffix(PID_SUFFIX)

    def start(self) -> None:
        """Start the child. What an earlier, killed parent left running under this name is ended first."""
        run_through(self.starting())

    def starting(self) -> Iterator[None]:
        """Start the child, with a step for each moment of waiting. Raises OSError."""
        yield from self.ending_leftover()
        self.is_asked_to_stop = False
        command = self.command
        if setpriv := shutil.which("setpriv"):  # the kernel ends the child when its parent is killed
            command = [setpriv, "--pdeathsig", self.stop_signal.name.removeprefix("SIG"), "--", *command]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old"))
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=self.log.parent,  # Granian and Celery would import what lies where the command was given
                start_new_session=True,
            )
        with suppress(OSError):  # a full disk; only a parent that is killed meanwhile would have read it
            self.pid_file.write_text(f"{self.child.pid} {start_time(self.child.pid)}")

    def exit_code(self) -> int | None:
        """None while it runs; negative: ended by that signal."""
        return self.child.poll() if self.child else 0

    def ask_to_stop(self) -> None:
        """Send the signal that means "end", once: Celery takes a second one for impatience."""
        if self.child is not None and self.child.poll() is None and not self.is_asked_to_stop:
            self.is_asked_to_stop = True
            self.child.send_signal(self.stop_signal)

    def stop(self) -> None:
        """End the child and every process of its session; returns when they are gone."""
        self.ask_to_stop()
        if self.child is not None:
            with suppress(subprocess.TimeoutExpired):
                self.child.wait(self.stop_seconds)
        self.kill()

    def kill(self) -> None:
        """End the child's whole group at once; for what a dead leader left behind."""
        if self.child is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()
        self.pid_file.unlink(missing_ok=True)

    def ending_leftover(self) -> Iterator[None]:
        """End the process of this name that a killed parent left running, if there is one."""
        try:
            written, began = self.pid_file.read_text().split()
        except (OSError, ValueError):
            return
        pid = int(written)
        deadline = time.monotonic() + self.stop_seconds
        with suppress(ProcessLookupError):
            if start_time(pid) == began:
                os.kill(pid, self.stop_signal)
            while start_time(pid) == began:
                if time.monotonic() > deadline:
                    os.killpg(pid, signal.SIGKILL)
                yield
        self.pid_file.unlink(missing_ok=True)

    def last_lines(self, count: int = 8) -> str:
        """The end of the log, for a message that explains a failure."""
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
        return ""
