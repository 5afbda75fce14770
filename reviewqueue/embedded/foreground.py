"""How does a command use the terminal while its servers are kept running behind it?"""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

POLL_SECONDS = 0.1


def run_in_foreground(
    command: Sequence[str], environment: Mapping[str, str], meanwhile: Callable[[], None] = lambda: None
) -> int:
    """Run a command on this terminal to its end and return its exit code, as a shell would say it.

    meanwhile : called about ten times a second
    Whatever interrupts the waiting ends the command first.
    """
    with subprocess.Popen(list(command), env=dict(environment)) as child:  # noqa: S603
        try:
            while child.poll() is None:
                meanwhile()
                time.sleep(POLL_SECONDS)
        finally:
            child.terminate()  # does nothing to a command that has ended
    return child.returncode if child.returncode >= 0 else 128 - child.returncode
