"""Installation: whether the code runs from a clone or from an installed wheel, and its version."""

import tomllib
from importlib.metadata import version as installed_version
from pathlib import Path

NAME = "reviewqueue"
ROOT = Path(__file__).resolve().parent.parent  # the clone, or the environment's site-packages
IS_CLONE = all((ROOT / name).is_file() for name in ("run", "pyproject.toml"))
PROGRAM = "./run" if IS_CLONE else NAME  # what people type before `up` or `manage`


def version() -> str:
    """The version of this code."""
    if not IS_CLONE:
        return installed_version(NAME)
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def how_to_install(extra: str) -> str:
    """The command that adds an extra to this environment.

    >>> how_to_install("demo")
    "pip install 'reviewqueue[demo]'"
    """
    return f"pip install '{NAME}[{extra}]'"
