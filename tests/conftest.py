"""What do all tests share? The servers behind the database; see servers.py."""

import pytest
from django.conf import settings
from hypothesis import settings as hypothesis_settings

# The same examples every time, so that a run tells of its change and of nothing else; and no clock.
# To look for new ones: ./run test --hypothesis-profile=default
hypothesis_settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
hypothesis_settings.load_profile("steady")


def pytest_configure() -> None:
    """A password of the cast costs half a second with the hash that the service uses, and proves nothing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: None) -> None:
    """pytest-django asks for this before it makes the test database: start the servers here."""


pytest_plugins = ["tests.cast", "tests.shop", "tests.gallery"]
