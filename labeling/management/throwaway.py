"""Throwaway databases: a simulation leaves no trace. They lie beside the real one and are dropped after it.

What was prepared once is copied for each run by the database itself, so that all runs start from one state.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import override_settings

from labeling.management.owner import as_owner


@dataclass(frozen=True)
class Throwaway:
    """A database that ends with the simulation, and the one from which it is made and dropped."""

    name: str
    home: str

    @contextmanager
    def copied(self) -> Iterator[None]:
        """Work in a copy of it. Features are shared, models are the copy's own."""
        name = f"{self.name}_copy"
        models = Path(settings.MODELS_DIR) / secrets.token_hex(6)
        with override_settings(MODELS_DIR=models), _created(name, self.home, template=self.name):
            yield


@contextmanager
def throwaway_service() -> Iterator[Throwaway]:
    """Point this process at an empty database, an empty data folder and no broker.

    Raises ProgrammingError where the database's user may not create databases.
    """
    service = Throwaway(f"simulation_{secrets.token_hex(6)}", str(connection.settings_dict["NAME"]))
    with (
        without_workers(),
        tempfile.TemporaryDirectory(prefix="rq-simulation-") as folder,
        override_settings(FEATURES_DIR=Path(folder) / "features", MODELS_DIR=Path(folder) / "models"),
        as_owner(),
        _created(service.name, service.home),
    ):
        call_command("migrate", verbosity=0)
        yield service


@contextmanager
def without_workers() -> Iterator[None]:
    """No worker hears of work that it could not find; afterwards messages go where they went."""
    before = current_app.conf.broker_url
    current_app.conf.update(broker_url="memory://localhost/")
    try:
        yield
    finally:
        current_app.conf.update(broker_url=before)


@contextmanager
def _created(name: str, home: str, *, template: str = "template1") -> Iterator[None]:
    """Create a database, work in it, drop it."""
    with _connected_to(home), connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        cursor.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')  # nothing here must last
    try:
        with _connected_to(name):
            yield
    finally:
        with _connected_to(home), connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
