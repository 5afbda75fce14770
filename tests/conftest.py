"""What all tests share: the database, and settings that make them quick and steady."""

import pytest
from django.conf import settings
from hypothesis import settings as hypothesis_settings

from tests.servers import POSTGRES

# The same examples every time, so that a run tells of its change and of nothing else; and no clock.
# To look for new ones: ./run test --hypothesis-profile=default
hypothesis_settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
hypothesis_settings.load_profile("steady")


def pytest_configure() -> None:
    """A password of the cast costs half a second with the hash that the service uses, and proves nothing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


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


pytest_plugins = ["tests.cast", "tests.shop", "tests.gallery"]
