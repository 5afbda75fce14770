"""Embedded Valkey: lives in the data folder, with every message in a file, to survive a restart."""

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import redis

from labeling.jobs import service_status
from reviewqueue.embedded.binaries import valkey_program
from reviewqueue.embedded.process import Process, StartFailed, run_through
from reviewqueue.embedded.sockets import socket_folder
from reviewqueue.embedded.supervisor import report

SILENT_SECONDS = 30.0  # before it says anything
MAX_BROKEN_FOLDERS = 3  # folders that could not be read


class Valkey:
    """One server: its folder, its address, its process."""

    def __init__(self, data: Path, logs: Path) -> None:
        self.folder = data / "valkey"
        self.socket = socket_folder(data) / "valkey.sock"
        self.url = f"unix://{self.socket}"
        options = {
            "port": "0",  # no network
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",  # a killed server comes back with its messages
            "save": "",
            "maxmemory-policy": "noeviction",  # a full broker must refuse, never forget
        }
        words = (word for key, value in options.items() for word in (f"--{key}", value))
        self.process = Process("valkey", [str(valkey_program()), *words], logs / "valkey.log")

    def start(self) -> None:
        """Start the server and wait until it answers. Raises StartFailed with the end of its log."""
        run_through(self.starting())

    def starting(self) -> Iterator[None]:
        """Start the server, with a step for each moment of waiting. Raises StartFailed, with its log's end.

        Files that it cannot read are set aside, and it begins with none: messages are hints, and what they
        hinted at stands in the database.
        """
        try:
            yield from self.trying()
        except StartFailed:
            if not any(self.folder.iterdir()):
                raise
            aside = self.set_aside()
            try:
                yield from self.trying()
            except StartFailed:  # so the files were not the reason
                shutil.rmtree(self.folder)
                aside.rename(self.folder)
                raise
            report(f"Valkey could not read its files and started empty. The files are kept in {aside}.")

    def trying(self) -> Iterator[None]:
        """One start. As long as it says that it reads its files, it has all the time it needs."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield from self.process.starting()
        last_sign = time.monotonic()
        while (answer := self.ping()) is not None:
            if answer:
                last_sign = time.monotonic()
            if self.process.exit_code() is not None or time.monotonic() > last_sign + SILENT_SECONDS:
                self.process.kill()
                raise StartFailed(f"Valkey did not start:\n{self.process.last_lines()}")
            yield

    def set_aside(self) -> Path:
        """Give the folder another name; the last few of them are kept."""
        earlier = service_status.set_aside(self.folder.parent)
        for folder in earlier[: max(0, len(earlier) + 1 - MAX_BROKEN_FOLDERS)]:
            shutil.rmtree(folder, ignore_errors=True)
        now = datetime.now(UTC)
        aside = self.folder.with_name(f"{self.folder.name}{service_status.SET_ASIDE}{now:%Y%m%dT%H%M%S.%f}")
        self.folder.rename(aside)
        return aside

    def is_ready(self) -> bool:
        """Whether it takes messages: not while it reads its files."""
        return self.ping() is None

    def ping(self) -> str | None:
        """None where it takes messages; else what it says of why not, "" where it says nothing."""
        client = redis.Redis.from_url(self.url, socket_timeout=2)
        try:
            client.ping()
        except redis.exceptions.BusyLoadingError as error:
            return str(error) or "loading"
        except redis.RedisError:
            return ""
        finally:
            client.close()
        return None
