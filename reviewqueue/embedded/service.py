"""Service startup and shutdown, in order: servers, tables, processes, demo; then it is watched."""

import subprocess
import time
from contextlib import AbstractContextManager, nullcontext

from reviewqueue import settings
from reviewqueue.embedded.folder import DataFolder
from reviewqueue.embedded.foreground import on_terminal, wait_for
from reviewqueue.embedded.postgres import Postgres
from reviewqueue.embedded.process import Process, StartFailed
from reviewqueue.embedded.programs import HOST, free_port, programs, refusal
from reviewqueue.embedded.servers import MANAGE, Servers
from reviewqueue.embedded.supervisor import POLL_SECONDS, Supervisor, report, stop_all

START_SECONDS = 120  # a slow machine imports the numerical libraries in half a minute


def serve(folder: DataFolder, wanted_port: int | None, *, is_demo: bool) -> None:
    """Run the whole service until somebody ends it.

    Raises FolderInUse, PortTaken, ServerNotFound, RootRefused and StartFailed before it is ready, and
    ServiceFailed when the database or the web server keeps dying.
    """
    port = free_port(wanted_port)
    servers = Servers(folder)
    supervisor = Supervisor(folder=folder.path)
    with servers.running():
        report("The database and the broker are running.")
        servers.migrate()
        if settings.HTTPS:
            # An installer may give a newer file an older time, which collectstatic alone would pass over.
            servers.manage("collectstatic", "--clear")
        folder.announce(servers.addresses, web=f"http://{HOST}:{port}")
        supervisor.note()
        for server in servers.embedded:
            supervisor.watch(server.process, server.starting, is_essential=isinstance(server, Postgres))
        children = programs(port, servers.environment, folder.path, folder.logs)
        with demo(servers) if is_demo else nullcontext() as preparation:
            try:
                start(children, supervisor, port)
                if preparation and wait_for(preparation, supervisor.look):
                    raise StartFailed("The demo could not be prepared. See the messages above.")
                print(f"Ready: http://{HOST}:{port}", flush=True)
                while True:
                    supervisor.look()
                    time.sleep(POLL_SECONDS)
            finally:
                stop_all(children)


def start(children: list[Process], supervisor: Supervisor, port: int) -> None:
    """Start web, then the workers: people wait for the page, so it has the processors first."""
    web, *workers = children
    web.start()
    supervisor.watch(web, is_essential=True)
    wait_until_answering(supervisor, port)
    for child in workers:
        supervisor.start(child)


def demo(servers: Servers) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Prepare the demo project while the rest starts, showing what is printed."""
    return on_terminal([*MANAGE, "demo"], servers.environment, has_keyboard=False)


def wait_until_answering(supervisor: Supervisor, port: int) -> None:
    """Return when the web server takes work. Raises ServiceFailed, and StartFailed after two minutes."""
    deadline = time.monotonic() + START_SECONDS
    while reason := refusal(port):
        supervisor.look()
        if time.monotonic() > deadline:
            raise StartFailed(f"The web server on port {port} is not ready: {reason}")
        time.sleep(POLL_SECONDS)
