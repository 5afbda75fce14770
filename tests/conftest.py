"""What all tests share: the database, and settings that make them quick and steady."""

import functools
import gc
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management.color import Style
from django.db import OperationalError
from django.db.backends.postgresql.operations import DatabaseOperations
from django.utils import translation
from hypothesis import settings as hypothesis_settings
from psycopg.errors import DeadlockDetected
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from analytics.data import annotation_log, content_cache
from labeling.documents import languages
from tests import thorough
from tests.parts import in_parts
from tests.servers import POSTGRES

FLUSHES = 5  # of the tables, where requests that a test left behind are in the way
hypothesis_settings.load_profile("steady")


@pytest.hookimpl(tryfirst=True)  # before a --hypothesis-profile
def pytest_configure(config: pytest.Config) -> None:
    """A password of the cast costs half a second with the hash that the service uses, and proves nothing."""
    if "not slow" in config.option.markexpr:
        hypothesis_settings.load_profile(thorough.QUICK)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What was collected stays until the end, so the garbage collector need not look through it again."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


@pytest.hookimpl(trylast=True)  # after those were left out that a marker leaves out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if (worker := getattr(config, "workerinput", None)) is not None:
        items[:] = in_parts(items, int(worker["workercount"]))


@pytest.fixture(scope="session", autouse=True)
def languages_are_read_once() -> Iterator[None]:
    """The model that tells languages takes a second to unpack; a worker does so once in a training."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(languages, "teller", functools.cache(languages.teller))
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_are_listed_once() -> Iterator[None]:
    """Each test's client makes its own middleware, which looks at every file; a service does so once."""
    files: dict[str, StaticFile] = {}
    list_files = WhiteNoiseMiddleware.add_files_from_finders

    def add_files(self: WhiteNoiseMiddleware) -> None:
        if not files:
            list_files(self)
            files.update(self.files)
        self.files.update(files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_files)
        yield


@pytest.fixture(autouse=True)
def nobody_has_spent_anything() -> None:
    """Budgets, and what is remembered of rows, are kept by the process; people have the same keys."""
    cache.clear()
    annotation_log._kept.clear()
    content_cache._results.clear()


@pytest.fixture(autouse=True)
def a_language_ends_with_its_test() -> Iterator[None]:
    """A request activates its reader's language in the thread, and the next test reads numbers in it."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session", autouse=True)
def tables_are_emptied_by_deleting() -> Iterator[None]:
    """Django truncates all tables after a test of real transactions; append-only ones refuse it.

    To delete a few rows takes a fiftieth of the time, and no session has to read again what tables there are.
    As a replica, the server runs neither the triggers that refuse it nor those of foreign keys; the locks
    wait for whoever still writes, as truncating does.
    """

    def sql_flush(self: DatabaseOperations, style: Style, tables: Iterable[str], **options: Any) -> list[str]:
        names = [self.quote_name(table) for table in tables]
        begin = f"SET LOCAL session_replication_role = replica; LOCK {', '.join(names)} IN EXCLUSIVE MODE;"
        return [" ".join([begin, *(f"DELETE FROM {name};" for name in names)])] if names else []

    empty = DatabaseOperations.execute_sql_flush

    def execute_sql_flush(self: DatabaseOperations, statements: list[str]) -> None:
        """A request that a page sent as its test ended may hold one table and wait for another."""
        for _ in range(FLUSHES - 1):
            try:
                return empty(self, statements)
            except OperationalError as error:
                if not isinstance(error.__cause__, DeadlockDetected):
                    raise
        return empty(self, statements)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        patch.setattr(DatabaseOperations, "execute_sql_flush", execute_sql_flush)
        yield


if POSTGRES is not None:

    @pytest.fixture(scope="session")
    def django_db_setup(servers: None) -> None:
        """A private server starts with a migrated database that is nobody else's: the tests use it itself.

        On a server that DATABASE_URL names, pytest-django makes a database beside the one named.
        """


else:

    @pytest.fixture(scope="session")
    def django_db_modify_db_settings(
        django_db_modify_db_settings_parallel_suffix: None, servers: None
    ) -> None:
        """pytest-django asks for this before it makes the test database: start the other servers here."""


pytest_plugins = [
    "tests.fixtures.saved_projects",
    "tests.fixtures.people",
    "tests.fixtures.trained_project",
    "tests.fixtures.tally",
    "tests.fixtures.full_project",
]
