"""Data folder: who uses it, and how others find its servers. One service at a time; its lock says so."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

LOCK_TRIES = 5  # with pauses between: whoever asks is_in_use() holds a shared lock for a moment
LOCK_PAUSE_SECONDS = 0.1


class FolderInUse(RuntimeError):
    """Another service is running on this data folder."""


@dataclass(frozen=True)
class Announcement:
    """Where the servers of a running service are."""

    addresses: dict[str, str]  # names and values of environment variables
    web: str  # the address of its pages; "" where a command runs the servers, without pages


class DataFolder:
    """Everything a service on one machine keeps: database, messages, models, logs, its secret key."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.logs = self.path / "logs"
        self.addresses_file = self.path / "servers.json"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder. The kernel gives it back when this process ends, however it ends.

        Raises FolderInUse.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.path / "lock").open("a+") as file:
            self.take(file)
            try:
                yield
            finally:
                self.addresses_file.unlink(missing_ok=True)

    def take(self, file: IO[str]) -> None:
        """Lock the folder's file. Raises FolderInUse."""
        for _ in range(LOCK_TRIES):
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self.is_in_use():
                    break
                time.sleep(LOCK_PAUSE_SECONDS)
        raise FolderInUse(
            f"Another service is running on {self.path}. Stop it, or choose another folder with --data."
        )

    def is_in_use(self) -> bool:
        """Whether a service, or a command with servers of its own, holds the folder now."""
        try:
            with (self.path / "lock").open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def make_secret_key(self) -> None:
        """Write the key that signs sessions and leases, once, readable by its owner alone."""
        file = self.path / "secret_key"
        if file.exists() and file.read_text().strip():
            return
        unfinished = file.with_suffix(".new")
        with open(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(secrets.token_urlsafe(50))
        unfinished.rename(file)

    def announce(self, addresses: dict[str, str], *, web: str = "") -> None:
        """Tell other commands where the running servers are; see Announcement."""
        unfinished = self.addresses_file.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(Announcement(addresses, web)), indent=1))
        unfinished.chmod(0o600)
        unfinished.rename(self.addresses_file)

    def announced(self) -> Announcement | None:
        """What the service that holds the folder announced; None while it still starts."""
        try:
            return Announcement(**json.loads(self.addresses_file.read_text()))
        except FileNotFoundError:
            return None
