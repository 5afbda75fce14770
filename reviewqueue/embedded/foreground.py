"""Foreground command: uses the terminal while its servers are kept running behind it."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

POLL_SECONDS = 0.1


@contextmanager
def on_terminal(
    command: Sequence[str], environment: Mapping[str, str], *, has_keyboard: bool
) -> Iterator[subprocess.Popen[bytes]]:
    """A command that writes to this terminal. It is ended when the block is left, whatever the reason.

    has_keyboard : whether it reads what is typed, and hears Ctrl-C itself
    """
    with subprocess.Popen(
        list(command),
        env=dict(environment),
        stdin=None if has_keyboard else subprocess.DEVNULL,
        start_new_session=not has_keyboard,
    ) as child:
        try:
            yield child
        finally:
            child.terminate()  # does nothing to a command that has ended


def wait_for(child: subprocess.Popen[bytes], meanwhile: Callable[[], None] = lambda: None) -> int:
    """Wait for a command to end and return its exit code, as a shell would say it.

    meanwhile : called about ten times a second
    """
    while child.poll() is None:
        meanwhile()
        time.sleep(POLL_SECONDS)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def run_in_foreground(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command on this terminal to its end; its exit code."""
    with on_terminal(command, environment, has_keyboard=True) as child:
        return wait_for(child)
