"""Servers of the service: those of DATABASE_URL and REDIS_URL, else its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from reviewqueue import installation, settings
from reviewqueue.embedded.folder import DataFolder
from reviewqueue.embedded.postgres import Postgres
from reviewqueue.embedded.process import StartFailed
from reviewqueue.embedded.supervisor import report
from reviewqueue.embedded.valkey import Valkey

MANAGE = [sys.executable, "-m", "reviewqueue.manage"]


class Servers:
    """The embedded servers that the environment does not replace, and the addresses of both."""

    def __init__(self, folder: DataFolder) -> None:
        self.folder = folder
        self.embedded: list[Postgres | Valkey] = []
        self.addresses = {"DATABASE_URL": settings.DATABASE_URL, "REDIS_URL": settings.REDIS_URL}
        if not settings.IS_DATABASE_GIVEN:
            postgres = Postgres(folder.path, folder.logs)
            self.embedded.append(postgres)
            self.addresses |= {
                "DATABASE_URL": postgres.service_url,
                "MIGRATIONS_DATABASE_URL": postgres.url,
            }
        if not settings.IS_REDIS_GIVEN:
            valkey = Valkey(folder.path, folder.logs)
            self.embedded.append(valkey)
            self.addresses["REDIS_URL"] = valkey.url

    @property
    def is_new(self) -> bool:
        """Whether the database has just been made and has no tables yet."""
        return any(isinstance(server, Postgres) and server.is_new for server in self.embedded)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process of the service."""
        return {
            **os.environ,
            **self.addresses,
            "DATA_DIR": str(self.folder.path),
            **({"PYTHONPATH": str(settings.BASE_DIR)} if installation.IS_CLONE else {}),
            "PYTHONSAFEPATH": "1",  # what lies in the folder where somebody gave the command is not ours
            "PYTHONUNBUFFERED": "1",
        }

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold the folder and run the servers. Raises FolderInUse, StartFailed, ServerNotFound.

        A broker that does not start costs a line: people label without it, and who supervises it tries again.
        """
        with self.folder.lock(), ExitStack() as stack:
            self.folder.make_secret_key()
            for server in self.embedded:
                stack.callback(server.process.stop)
                try:
                    server.start()
                except (StartFailed, OSError) as error:
                    if isinstance(server, Postgres):
                        raise
                    report(str(error))
            yield

    def migrate(self) -> None:
        """Bring the tables to this version. Raises StartFailed with what Django said."""
        self.manage("migrate")

    def manage(self, *command: str) -> None:
        """Run one of Django's commands quietly. Raises StartFailed with what it said."""
        done = subprocess.run(
            [*MANAGE, *command, "--no-input", "--verbosity", "0"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = (done.stdout + done.stderr).strip().splitlines()
            raise StartFailed(f"{command[0]} failed:\n" + "\n".join(lines[-8:]))
