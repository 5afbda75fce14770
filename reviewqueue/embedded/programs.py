"""Service processes: those beside the servers. Web, its workers, and the clock."""

import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from reviewqueue import settings
from reviewqueue.embedded.process import Process

HOST = "127.0.0.1"  # a first run is for this machine; a proxy or the compose file serves others
DEFAULT_PORT = 8000
WEB_WORKERS = 2
WEB_THREADS = 4
NICENESS = 5  # nobody sits before a training and waits
LAST_NICENESS = 15  # what runs for minutes or hours beside all the rest
# Numerical libraries start a thread a core in every process; two workers would then fight for two cores.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class PortTaken(RuntimeError):
    """The port is in use."""


def free_port(requested: int | None) -> int:
    """A port to listen on: the wanted one, else 8000 or the first free one after it.

    Never one above 32767: the kernel lends those to outgoing connections. Raises PortTaken.
    """
    for port in [requested] if requested else range(DEFAULT_PORT, DEFAULT_PORT + 1000):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise PortTaken(f"Port {requested or DEFAULT_PORT} is in use. Choose another with --port.")


def web(port: int, environment: Mapping[str, str], logs: Path) -> Process:
    """Granian with a few processes; each keeps a pool of database connections for its threads."""
    options = {
        "interface": "wsgi",
        "host": HOST,
        "port": str(port),
        "workers": str(WEB_WORKERS),
        "blocking-threads": str(WEB_THREADS),
        "workers-kill-timeout": "5s",
    }
    words = (word for name, value in options.items() for word in (f"--{name}", value))
    return Process(
        "web",
        [sys.executable, "-m", "granian", *words, "--respawn-failed-workers", "reviewqueue.wsgi:application"],
        logs / "web.log",
        environment={**environment, "DATABASE_POOL_SIZE": str(WEB_THREADS)},
    )


def worker(
    name: str,
    queue: str,
    concurrency: int,
    environment: Mapping[str, str],
    logs: Path,
    *,
    niceness: int = NICENESS,
) -> Process:
    """A Celery worker of one queue. It may finish its task for some seconds, then the task goes back."""
    options = ["--queues", queue, "--concurrency", str(concurrency), "--hostname", f"{name}@%h"]
    return Process(
        name,
        [*celery("worker", niceness), *options, "--without-gossip", "--without-mingle", "--loglevel", "INFO"],
        logs / f"{name}.log",
        environment={**environment, **ONE_THREAD},
        stop_signal=signal.SIGQUIT,
        stop_seconds=15,
    )


def beat(environment: Mapping[str, str], data: Path, logs: Path) -> Process:
    """The clock that reminds the workers of their jobs."""
    schedule = str(data / "beat-schedule")
    return Process(
        "beat",
        [*celery("beat"), "--schedule", schedule, "--pidfile", "", "--loglevel", "WARNING"],
        logs / "beat.log",
        environment=environment,
    )


def celery(command: str, niceness: int = NICENESS) -> list[str]:
    """Celery, nicer than the web server."""
    return [
        "nice",
        "-n",
        str(niceness),
        sys.executable,
        "-m",
        "celery",
        "--app",
        "reviewqueue",
        "--quiet",
        command,
    ]


def programs(port: int, environment: Mapping[str, str], data: Path, logs: Path) -> list[Process]:
    """All of them, in the order of their start."""
    background = worker("background", "embed,idle", 1, environment, logs, niceness=LAST_NICENESS)
    return [
        web(port, environment, logs),
        worker("worker", "default", 2, environment, logs),
        worker("trainer", "train", 1, environment, logs),
        background,
        beat(environment, data, logs),
    ]


def refusal(port: int) -> str:
    """Why the web server takes no work yet, in its own words; "" when it does."""
    address = f"http://{HOST}:{port}/readyz"
    question = urllib.request.Request(address, headers={"Host": settings.ALLOWED_HOSTS[0]})
    try:
        with urllib.request.urlopen(question, timeout=5):
            return ""
    except urllib.error.HTTPError as answer:
        return answer.read(500).decode(errors="replace")
    except OSError as error:
        return str(error)
