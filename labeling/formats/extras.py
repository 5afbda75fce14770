"""Optional packages: loaded by the workers and commands that need them, and named where they are missing.

No web process loads one: they take a second and 100 MB of memory each.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from labeling.formats.records import UnreadableFile, gettext_noop

MISSING = gettext_noop(
    "This format requires the package %(package)s, which is not installed on this server. "
    "Install it: pip install 'reviewqueue[%(extra)s]'"
)


def has_package(package: str) -> bool:
    """Whether a package is installed, without loading it.

    >>> has_package("json"), has_package("no_such_package")
    (True, False)
    """
    return find_spec(package) is not None


def load(module: str, extra: str) -> Any:
    """A module of an optional package.

    extra : the name in pyproject.toml that brings it
    Raises UnreadableFile with the command that installs it.

    >>> load("no_such_package", "exchange")
    Traceback (most recent call last):
    labeling.formats.records.UnreadableFile: This format requires the package no_such_package, ...
    """
    package = module.partition(".")[0]
    if not has_package(package):
        raise UnreadableFile(MISSING, package=package, extra=extra)
    return import_module(module)
