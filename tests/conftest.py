"""What all tests share: the database, and settings that make them quick and steady."""

import functools
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db.backends.postgresql.operations import DatabaseOperations
from hypothesis import settings as hypothesis_settings

from analytics.data import annotation_log, content_cache
from labeling.documents import languages
from tests.parts import in_parts
from tests.servers import POSTGRES

# The same examples every time, so that a run tells of its change and of nothing else; and no clock.
# To look for new ones: ./run test --hypothesis-profile=default
hypothesis_settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
hypothesis_settings.load_profile("steady")


def pytest_configure() -> None:
    """A password of the cast costs half a second with the hash that the service uses, and proves nothing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


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


@pytest.fixture(autouse=True)
def nobody_has_spent_anything() -> None:
    """Budgets, and what is remembered of rows, are kept by the process; people have the same keys."""
    cache.clear()
    annotation_log._kept.clear()
    content_cache._results.clear()


@pytest.fixture(scope="session", autouse=True)
def tables_can_be_emptied_between_tests() -> Iterator[None]:
    """Django empties all tables after a test of real transactions; append-only ones refuse it."""
    tables = [f"labeling_{name}" for name in ("annotation", "label", "guideline", "classrule")]

    def switch(word: str) -> list[str]:
        return [f"ALTER TABLE {name} {word} TRIGGER USER;" for name in tables]

    plain = DatabaseOperations.sql_flush

    def sql_flush(self: DatabaseOperations, *arguments: Any, **options: Any) -> list[str]:
        rows = plain(self, *arguments, **options)
        return [*switch("DISABLE"), *rows, *switch("ENABLE")] if rows else []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
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
    "tests.fixtures.full_project",
]
