"""Data folder status: whether a service runs on it, its address, its servers and its processes.

Read from outside, without the service's help: from the folder, and by asking each server whether it answers.
"""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

import redis
from psycopg.pq import PGconn, Ping

from labeling.jobs import service_status
from reviewqueue import settings
from reviewqueue.embedded.folder import DataFolder
from reviewqueue.embedded.process import running
from reviewqueue.embedded.programs import refusal

SERVERS = {"postgres", "valkey"}
SECONDS = 2  # for one answer
DATABASE_ANSWERS = {Ping.OK: "running", Ping.REJECT: "starting"}
SILENT = "not responding"
UNKNOWN = "unknown"


class State(StrEnum):
    """What runs on a data folder."""

    STOPPED = "stopped"  # nothing
    STARTING = "starting"  # a service that has not said yet where it is
    UNREADY = "unready"  # a service that takes no work, or not yet
    READY = "ready"  # a service that takes work
    COMMAND = "command"  # one `manage` command, with servers of its own


EXIT_CODES = {State.READY: 0, State.STOPPED: 3}  # as the status command of an init script; else 1
SENTENCES = {
    State.READY: "ready at {address}",
    State.UNREADY: "not ready, at {address}",
    State.STOPPED: "not running",
    State.STARTING: "starting",
    State.COMMAND: "not running; a command is using the folder with its own servers",
}


@dataclass(frozen=True)
class FolderStatus:
    """How the service of one data folder is."""

    folder: str
    state: State
    address: str = ""  # of the pages
    reasons: list[str] = field(default_factory=list)  # why it is not ready, and what keeps failing
    database: str = ""  # where it is, and whether it answers
    broker: str = ""
    processes: list[str] = field(default_factory=list)  # those that live, beside the two servers

    @property
    def exit_code(self) -> int:
        return EXIT_CODES.get(self.state, 1)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    def to_text(self) -> str:
        """A line a fact; of a folder where nothing runs only what is known of it."""
        sentence = SENTENCES[self.state].format(address=self.address)
        lines = {"data folder": self.folder, "service": sentence, "database": self.database}
        if self.state is not State.STOPPED:
            lines |= {"broker": self.broker, "processes": ", ".join(self.processes) or "none"}
        rows = [f"{name:<12} {value}" for name, value in lines.items()]
        return "\n".join(rows + [f"{'':<12} {reason}" for reason in self.reasons])


def folder_status(folder: DataFolder) -> FolderStatus:
    """How the service of a folder is now. Raises PermissionError where the folder is somebody else's."""
    if not folder.is_in_use():
        reasons = [] if folder.path.is_dir() else ["The folder is not there yet: the first start makes it."]
        return FolderStatus(str(folder.path), State.STOPPED, "", reasons, configured_database())
    names, announced = running(folder.logs), folder.announced()
    addresses = announced.addresses if announced else {}
    state, reasons = state_of(announced.web) if announced else (State.STARTING, [])
    return FolderStatus(
        folder=str(folder.path),
        state=state,
        address=announced.web if announced else "",
        reasons=reasons
        + [
            f"{outage.part} keeps failing: it {outage.reason}." for outage in service_status.read(folder.path)
        ],
        database=database(addresses.get("DATABASE_URL", ""), is_embedded="postgres" in names),
        broker=broker(addresses.get("REDIS_URL", ""), is_embedded="valkey" in names),
        processes=sorted(names - SERVERS),
    )


def state_of(web: str) -> tuple[State, list[str]]:
    """What the web server says of itself, with its reasons where it takes no work.

    web : its address, "" where a command runs without one
    """
    if not web:
        return State.COMMAND, []
    if not (answer := refusal(urlsplit(web).port or 0)):
        return State.READY, []
    try:
        return State.UNREADY, [str(reason) for reason in json.loads(answer)["reasons"]]
    except (ValueError, KeyError, TypeError):  # no answer of ours: it does not listen yet, or is overloaded
        return State.UNREADY, [f"The web server is not responding: {answer}"]


def configured_database() -> str:
    """Which database the next start uses."""
    return place(settings.DATABASE_URL) if settings.IS_DATABASE_GIVEN else "bundled PostgreSQL"


def database(url: str, *, is_embedded: bool) -> str:
    """Where the database is, and whether it answers. Asks without a password."""
    answer = UNKNOWN
    if url:
        question = f"{url}{'&' if '?' in url else '?'}connect_timeout={SECONDS}"
        answer = DATABASE_ANSWERS.get(Ping(PGconn.ping(question.encode())), SILENT)
    return f"{'bundled PostgreSQL' if is_embedded else place(url)}: {answer}"


def broker(url: str, *, is_embedded: bool) -> str:
    """Where the broker is, and whether it answers."""
    answer = UNKNOWN
    if url:
        client = redis.Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
        try:
            answer = "running" if client.ping() else SILENT
        except redis.RedisError:
            answer = SILENT
        finally:
            client.close()
    return f"{'bundled Valkey' if is_embedded else place(url)}: {answer}"


def place(url: str) -> str:
    """An address without the name and the password in it.

    >>> place("postgresql://queue:secret@db.example.org:5432/reviewqueue?sslmode=require")
    'postgresql://db.example.org:5432/reviewqueue'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if url else "its server"
