"""How long tests wait for what has to come: far longer than it takes on a machine with much else to do.

A test that passes never waits so long, and one that fails ends before its own time is over.
"""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 120
PAUSE_SECONDS = 0.02


def wait_until(condition: Callable[[], object], pause: Callable[[float], object] = time.sleep) -> None:
    """Return as soon as the condition holds.

    pause : what to do between two looks, given seconds
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause(PAUSE_SECONDS)
