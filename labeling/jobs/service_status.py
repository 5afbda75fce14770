"""Service status: which parts of the service keep failing, as the parent of its processes notes it.

Written by the supervisor into the data folder, read by the pages and the health address. It is one block of
fixed size that is overwritten in place: a full disk, of which it may have to tell, does not hinder it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from labeling.jobs.runners import has_ended, this_process

FILE_NAME = "status.json"
BLOCK_BYTES = 4096
MIN_FREE_BYTES = 64 * 1024**2  # PostgreSQL writes its log in files of 16 MB
SHOWN_FAILURES = 2  # in a row; one is mended before anybody could read of it
SET_ASIDE = ".unreadable-"  # between the name of such a folder and its time


@dataclass(frozen=True)
class Outage:
    """One part of the service that keeps failing."""

    part: str  # the name of its process: "trainer"
    failures: int  # in a row, without a minute of life between them
    since: str  # ISO 8601, of the first of them
    reason: str  # of the last

    @property
    def is_shown(self) -> bool:
        """Whether it is worth telling people."""
        return self.failures >= SHOWN_FAILURES


def write(folder: Path, outages: Sequence[Outage]) -> None:
    """Note what keeps failing; [] when all is well. Raises OSError."""
    body = {"writer": this_process(), "outages": [asdict(outage) for outage in outages]}
    block = json.dumps(body, ensure_ascii=True).encode().ljust(BLOCK_BYTES)
    descriptor = os.open(folder / FILE_NAME, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, block, 0)
        os.ftruncate(descriptor, len(block))
    finally:
        os.close(descriptor)


def read(folder: Path) -> list[Outage]:
    """What the supervisor of this folder noted last; [] where none runs here."""
    try:
        body = json.loads((folder / FILE_NAME).read_bytes())
        return [] if has_ended(body["writer"]) else [Outage(**outage) for outage in body["outages"]]
    except (OSError, ValueError, KeyError, TypeError):  # not there, or just being written
        return []


def is_disk_full(folder: Path) -> bool:
    """Whether too little is left on the disk of a folder for a database to work."""
    try:
        return shutil.disk_usage(folder).free < MIN_FREE_BYTES
    except OSError:
        return False


def set_aside(folder: Path) -> list[Path]:
    """Folders of servers that could not read their own files and began anew, the oldest first."""
    return sorted(folder.glob(f"*{SET_ASIDE}*"))
