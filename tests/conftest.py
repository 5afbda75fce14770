"""What do all tests share? The servers behind the database; see servers.py."""

import pytest


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: None) -> None:
    """pytest-django asks for this before it makes the test database: start the servers here."""


pytest_plugins = ["tests.cast"]
