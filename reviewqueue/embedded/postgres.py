"""Embedded PostgreSQL: lives in the data folder. Made once, started each run, safe after kill -9."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.pq import PGconn, Ping

from labeling.jobs.runners import start_time
from reviewqueue.embedded.binaries import postgres_folder
from reviewqueue.embedded.process import Process, StartFailed, run_through
from reviewqueue.embedded.rights import Rights, postgres_rights
from reviewqueue.embedded.sockets import socket_folder
from reviewqueue.embedded.supervisor import report
from reviewqueue.roles import let_serve

NAME = "reviewqueue"  # of the database and of its owner
SERVICE = "reviewqueue_service"  # the role of the web server and the workers
PORT = 5432  # only part of the socket's file name: the server listens on no network
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "max_wal_size": "2GB",  # an import of a million documents without a checkpoint a minute
    "random_page_cost": "1.1",
    "client_connection_check_interval": "2s",  # ends the session of a killed worker that waits for a lock
}
SILENT_SECONDS = 60.0  # before it answers at all, for example while it reads its settings on a slow disk
TOLD_EVERY_SECONDS = 10.0
RECOVERING = "PostgreSQL is recovering from a crash, which can take minutes ({seconds} s so far). {line}"
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """One cluster: its folder, its address, its process."""

    def __init__(
        self, data: Path, logs: Path, *, is_durable: bool = True, rights: Rights | None = None
    ) -> None:
        """Find the programs; nothing is started yet. Raises ServerNotFound, RootRefused, PermissionError.

        data : folder that holds everything; logs : folder of the log
        is_durable : False only for tests that may lose their rows
        rights : how to run it; by default the best way that this machine allows
        """
        self.programs = postgres_folder()
        self.rights = rights or postgres_rights()
        version = subprocess.run(
            [self.programs / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        self.major = (re.findall(r"\d+", version) or ["0"])[0]
        self.cluster = data / f"pg{self.major}"  # a new major version cannot read an old one's files
        self.sockets = socket_folder(data)
        self.is_new = False  # whether this start made the database
        options = OPTIONS | ({} if is_durable else NOT_DURABLE)
        self.process = Process(
            "postgres",
            [
                *self.rights.prefix,
                str(self.programs / "postgres"),
                *("-D", str(self.cluster), "-k", str(self.sockets), "-p", str(PORT)),
                *(part for key, value in options.items() for part in ("-c", f"{key}={value}")),
            ],
            logs / "postgres.log",
            stop_signal=signal.SIGINT,  # "fast": open transactions are rolled back, nothing is lost
            stop_seconds=30,
        )

    @property
    def url(self) -> str:
        """The owner's address, for MIGRATIONS_DATABASE_URL."""
        return self.url_of(NAME)

    @property
    def service_url(self) -> str:
        """The address for DATABASE_URL: its role reads and changes rows, and nothing else."""
        return self.url_of(NAME, SERVICE)

    def url_of(self, database: str, role: str = NAME) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets))}&port={PORT}"

    def start(self) -> None:
        """Start the server and wait until it answers. Raises StartFailed with the end of its log."""
        run_through(self.starting())

    def starting(self, silent_seconds: float = SILENT_SECONDS) -> Iterator[None]:
        """Start the server, with a step for each moment of waiting. Raises StartFailed, with its log's end.

        As long as it lives and says that it is starting up, it has all the time it needs: the recovery after
        a crash keeps no progress, so one that is cut short begins anew.

        silent_seconds : how long it may say nothing at all
        """
        self.make_cluster()
        yield from self.clearing_stale_lock()
        yield from self.process.starting()
        began = last_sign = last_notice = time.monotonic()
        while (answer := self.ping()) is not Ping.OK:
            now = time.monotonic()
            if answer is Ping.REJECT:
                last_sign = now
            if self.process.exit_code() is not None or now > last_sign + silent_seconds:
                self.process.kill()
                raise StartFailed(f"PostgreSQL did not start:\n{self.process.last_lines()}")
            if now > last_notice + TOLD_EVERY_SECONDS:
                last_notice = now
                report(RECOVERING.format(seconds=round(now - began), line=self.process.last_lines(1)))
            yield
        self.make_database()

    def is_ready(self) -> bool:
        """Whether it takes connections: not while it recovers from a crash."""
        return self.ping() is Ping.OK

    def ping(self) -> Ping:
        """OK, or REJECT while it is starting up, or NO_RESPONSE. Asks without a connection."""
        return Ping(PGconn.ping(f"{self.url_of('postgres')}&connect_timeout=2".encode()))

    def make_cluster(self) -> None:
        """Run initdb once. A half-made cluster of a killed run is thrown away."""
        if (self.cluster / "PG_VERSION").exists():
            self.rights.own(self.cluster)
            return
        unfinished = self.cluster.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        self.rights.own(unfinished)
        command = [*self.rights.prefix, str(self.programs / "initdb"), "-D", str(unfinished), "-U", NAME]
        access = ["--auth-local=trust", "--auth-host=reject"]  # the socket's folder is the lock on the door
        form = ["--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-sync", "--no-instructions"]
        done = subprocess.run([*command, *access, *form], capture_output=True, text=True, check=False)
        if done.returncode:
            raise StartFailed(f"initdb failed:\n{done.stdout}{done.stderr}")
        unfinished.rename(self.cluster)

    def make_database(self) -> None:
        """Make the service's own database once, and its role. Raises StartFailed where the server is gone.

        A folder of an earlier version gets the role here, before the first command that needs it.
        """
        try:
            with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
                exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
                if not exists:
                    connection.execute(f"CREATE DATABASE {NAME}")
                    self.is_new = True
            with psycopg.connect(self.url) as connection, connection.cursor() as cursor:
                let_serve(cursor, SERVICE)
        except psycopg.OperationalError as error:
            raise StartFailed(f"PostgreSQL stopped: {error}") from error

    def clearing_stale_lock(self, seconds: float = 10) -> Iterator[None]:
        """Remove the lock files of a server that was killed, and only those.

        PostgreSQL itself takes a zombie, or a stranger with the old pid, for its living self and refuses to
        start. Its other guard, the shared memory that surviving children still use, is waited for.
        """
        lock = self.cluster / "postmaster.pid"
        if not lock.exists():
            return
        lines = lock.read_text().splitlines()
        if lines and lines[0].isdigit() and self.is_our_server(int(lines[0])):
            return
        deadline = time.monotonic() + seconds
        while len(lines) > 6 and shared_memory_users(lines[6]) and time.monotonic() < deadline:
            yield
        if len(lines) > 6 and shared_memory_users(lines[6]):
            return
        socket = self.sockets / f".s.PGSQL.{PORT}"
        for path in (lock, socket, socket.with_name(socket.name + ".lock")):
            path.unlink(missing_ok=True)

    def is_our_server(self, pid: int) -> bool:
        """Whether a pid is a living PostgreSQL on this cluster, and not a zombie or another program."""
        if start_time(pid) is None:
            return False
        try:
            is_postgres = Path(f"/proc/{pid}/comm").read_text().strip() == "postgres"
            return is_postgres and Path(f"/proc/{pid}/cwd").resolve(strict=True) == self.cluster.resolve()
        except PermissionError:
            return is_postgres
        except OSError:
            return False


def shared_memory_users(key_and_id: str) -> int:
    """How many processes have a System V segment attached.

    key_and_id : the seventh line of postmaster.pid, "key id"
    """
    segment = key_and_id.split()[-1:]
    segments = Path("/proc/sysvipc/shm")
    if not segments.exists():
        return 0
    rows = [line.split() for line in segments.read_text().splitlines()[1:]]
    return sum(int(row[6]) for row in rows if row[1:2] == segment)
