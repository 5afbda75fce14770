"""What do all tests share? The servers behind the database; see servers.py."""

import pytest
from django.conf import settings


def pytest_configure() -> None:
    """A password of the cast costs half a second with the hash that the service uses, and proves nothing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: None) -> None:
    """pytest-django asks for this before it makes the test database: start the servers here."""


pytest_plugins = ["tests.cast", "tests.shop"]
