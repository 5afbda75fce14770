"""Process identity: which process runs a piece of work, and has it ended?

A pid alone may be used again; with the boot of its machine, its namespace of pids and the time of its start
it names a process for good. So whoever is on the same machine sees at once that a run was killed.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


def start_time(pid: int) -> str | None:
    """When the kernel says a process began, in ticks since boot; None if it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, began = fields[0], fields[19]
    return None if state in "ZX" else began


def this_process() -> str:
    """The identity of the process that asks; "" where its machine does not tell.

    For example "7c3e… pid:[4026531836] 4711 90210": boot, namespace, pid, start.
    """
    pid = os.getpid()
    return f"{machine()} {pid} {start_time(pid)}" if machine() else ""


def has_ended(runner: str) -> bool:
    """Whether the process is known to be gone. Of one on another machine nobody here can tell.

    >>> has_ended(this_process()), has_ended(""), has_ended("elsewhere pid:[1] 4711 90210")
    (False, False, False)
    """
    fields = runner.split()
    if len(fields) != 4 or fields[:2] != machine().split():
        return False
    pid, began = int(fields[2]), fields[3]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # another user's; where /proc hides those, nobody can tell
        if not Path(f"/proc/{pid}").exists():
            return False
    return start_time(pid) != began


@cache
def machine() -> str:
    """This boot of this machine and the namespace of its pids; "" where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""
