"""Command line of the service: the program `reviewqueue`, and what `./run` calls in a clone."""

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from reviewqueue import installation

LOOPBACK = "127.0.0.1"
MAX_PORT = 65535
DESCRIPTION = "Decides what your team labels next."
SETTINGS = """\
DATABASE_URL and REDIS_URL replace the bundled PostgreSQL and Valkey. Without --data, the data folder is
DATA_DIR, or {folder} if that is not set."""


def port_number(text: str) -> int:
    """A port that a server can listen on. Raises ArgumentTypeError."""
    if not text.isdecimal() or not 0 < int(text) <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"the port must be a number from 1 to {MAX_PORT}, not {text!r}")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    folder = ".local/data" if installation.IS_CLONE else "~/.local/share/reviewqueue"
    whole = argparse.ArgumentParser(
        installation.PROGRAM, description=DESCRIPTION, epilog=SETTINGS.format(folder=folder)
    )
    whole.add_argument("--version", action="version", version=f"reviewqueue {installation.version()}")
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument("--data", type=Path, metavar="DIR", help="the data folder")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, what in (
        ("demo", "the service with a demo project of real news articles"),
        ("up", "the service; Ctrl-C stops it and keeps the data"),
    ):
        served = commands.add_parser(name, parents=[data], help=what, description=f"Run {what}.")
        served.add_argument("--port", type=port_number, help="default: 8000, or the first free port after it")
    status = commands.add_parser(
        "status",
        parents=[data],
        help="whether a service is running on the data folder, where, and the state of its parts",
        description="Exit codes: 0 the service is ready, 1 it is not ready, 3 it is not running.",
    )
    status.add_argument("--json", action="store_true", help="print JSON")
    # Help and all other options are those of the command that it runs.
    manage = commands.add_parser(
        "manage",
        parents=[data],
        add_help=False,
        allow_abbrev=False,
        help="a Django command on the data folder, whether or not the service is running",
    )
    manage.add_argument("arguments", nargs=argparse.REMAINDER)
    if installation.IS_CLONE:  # the measurements are not in the wheel
        bench = commands.add_parser("bench", add_help=False, help="a benchmark from benchmarks/")
        bench.add_argument("name")
        bench.add_argument("arguments", nargs=argparse.REMAINDER)
    return whole


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code. The settings are read here, after what the options say of them."""
    whole = parser()
    asked, unknown = whole.parse_known_args(arguments)
    if asked.command == "manage":
        asked.arguments = unknown + asked.arguments
    elif unknown:
        whole.error(f"unrecognized arguments: {' '.join(unknown)}")
    os.environ.update(LISTEN_ADDRESS=LOOPBACK, PYTHONUNBUFFERED="1")
    if getattr(asked, "data", None):
        os.environ.update(DATA_DIR=str(asked.data.resolve()))
    try:
        commands = import_module("reviewqueue.embedded.commands")
    except ImproperlyConfigured as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return int(commands.run(asked))
