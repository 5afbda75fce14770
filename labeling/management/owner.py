"""Table owner: who may change tables. The role of MIGRATIONS_DATABASE_URL; the service's own may not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

ACCESS = ("USER", "PASSWORD", "HOST", "PORT")


@contextmanager
def as_owner() -> Iterator[None]:
    """Work as the owner of the tables, in the database that this process is connected to."""
    owner = {name: settings.MIGRATIONS_DATABASE[name] for name in ACCESS}
    before = {name: connection.settings_dict[name] for name in ACCESS}
    if owner == before:
        yield
        return
    connection.close()
    connection.settings_dict |= owner
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= before
