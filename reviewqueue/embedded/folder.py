"""Data folder: who uses it, and how others find its servers. One service at a time; its lock says so."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FolderInUse(RuntimeError):
    """Another service runs on this data folder."""


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
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FolderInUse(
                    f"Another service runs on {self.path}. Stop it, or choose another folder with --data."
                ) from None
            try:
                yield
            finally:
                self.addresses_file.unlink(missing_ok=True)

    def make_secret_key(self) -> None:
        """Write the key that signs sessions and leases, once, readable by its owner alone."""
        file = self.path / "secret_key"
        if file.exists() and file.read_text().strip():
            return
        unfinished = file.with_suffix(".new")
        with open(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(secrets.token_urlsafe(50))
        unfinished.rename(file)

    def announce(self, addresses: dict[str, str]) -> None:
        """Tell other commands where the running servers are: names and values of environment variables."""
        unfinished = self.addresses_file.with_suffix(".new")
        unfinished.write_text(json.dumps(addresses, indent=1))
        unfinished.chmod(0o600)
        unfinished.rename(self.addresses_file)

    def announced(self) -> dict[str, str]:
        """What the service that holds the folder announced; empty while it still starts."""
        try:
            return dict(json.loads(self.addresses_file.read_text()))
        except FileNotFoundError:
            return {}
