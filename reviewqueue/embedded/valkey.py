"""How does a private Valkey live in the data folder? With every message in a file, to survive a restart."""

import time
from pathlib import Path

import redis

from reviewqueue.embedded.binaries import valkey_program
from reviewqueue.embedded.process import Process, StartFailed
from reviewqueue.embedded.sockets import socket_folder


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

    def start(self, seconds: float = 30) -> None:
        """Start the server and wait until it answers. Raises StartFailed with the end of its log."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.process.start()
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            if self.process.exit_code() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise StartFailed(f"Valkey did not start:\n{self.process.last_lines()}")
            time.sleep(0.05)

    def is_ready(self) -> bool:
        """Whether it answers: not while it reads its file."""
        client = redis.Redis.from_url(self.url, socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
