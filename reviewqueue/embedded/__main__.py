"""Command line: what `./run up`, `demo`, `manage` and `bench` do once the environment is installed."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from reviewqueue import settings
from reviewqueue.embedded.binaries import ServerNotFound
from reviewqueue.embedded.folder import DataFolder, FolderInUse
from reviewqueue.embedded.foreground import run_in_foreground
from reviewqueue.embedded.process import StartFailed
from reviewqueue.embedded.programs import ONE_THREAD, PortTaken
from reviewqueue.embedded.rights import RootRefused
from reviewqueue.embedded.servers import MANAGE, Servers
from reviewqueue.embedded.service import serve
from reviewqueue.embedded.supervisor import POLL_SECONDS, ServiceFailed, Stopped, report, stop_signals

EXPLAINED = (FolderInUse, PortTaken, ServerNotFound, ServiceFailed, StartFailed, RootRefused, OSError)
ANNOUNCED_WITHIN_SECONDS = 60
INTERRUPTED = 130  # what a shell answers after Ctrl-C


def manage(folder: DataFolder, arguments: list[str]) -> int:
    """Run a Django command on a data folder: with the servers of a running service, else with its own."""
    command = [sys.executable, MANAGE, *arguments]
    servers = Servers(folder)
    try:
        with servers.running():
            folder.announce(servers.addresses)
            if servers.is_new:
                servers.migrate()
            return run_in_foreground(command, servers.environment | ONE_THREAD)
    except FolderInUse:
        deadline = time.monotonic() + ANNOUNCED_WITHIN_SECONDS
        while not (addresses := folder.announced()):
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        os.execve(command[0], command, servers.environment | ONE_THREAD | addresses)  # noqa: S606


def bench(name: str, arguments: list[str]) -> int:
    """Run benchmarks/NAME.py on durable servers of its own, in a folder that is thrown away."""
    scripts = settings.BASE_DIR / "benchmarks"
    if not (scripts / f"{name}.py").is_file():
        known = sorted(path.stem for path in scripts.glob("[a-z]*.py"))
        raise StartFailed(f"There is no benchmark {name!r}. There are: {', '.join(known)}.")
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


def up(arguments: list[str]) -> int:
    """`up` and `demo`: the service, until somebody ends it."""
    parser = argparse.ArgumentParser(prog="./run", description="Run the service on this machine.")
    parser.add_argument("command", choices=["up", "demo"], help="demo: with a project on real articles")
    parser.add_argument("--port", type=int, help="default: 8000, or the first free port after it")
    parser.add_argument(
        "--data", type=Path, default=settings.DATA_DIR, help="the folder that holds everything"
    )
    asked = parser.parse_args(arguments)
    try:
        serve(DataFolder(asked.data), asked.port, is_demo=asked.command == "demo")
    except Stopped:
        report("Stopped. Everything is kept for the next start.")
    return 0


def main() -> int:
    """The exit code: 0 after Ctrl-C, 1 with one explained message on failure."""
    os.umask(0o077)  # the data folder is nobody else's
    try:
        with stop_signals():
            match sys.argv[1:]:
                case ["manage", *arguments]:
                    return manage(DataFolder(settings.DATA_DIR), arguments)
                case ["bench", name, *arguments]:
                    return bench(name, arguments)
                case arguments:
                    return up(arguments)
    except Stopped:
        return INTERRUPTED
    except EXPLAINED as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
