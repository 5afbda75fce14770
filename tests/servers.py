"""Which servers do the tests talk to? Private ones in a temporary folder, started when the first test asks.

Loaded with `-p tests.servers`, before Django reads its settings: their addresses are known before they run.
DATABASE_URL and REDIS_URL, where set, name servers to use instead.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from reviewqueue.embedded.postgres import Postgres
from reviewqueue.embedded.valkey import Valkey

FOLDER = Path(tempfile.mkdtemp(prefix="rq-test-"))
OWN: list[Postgres | Valkey] = []
# A parallel run starts processes that inherit our addresses; each has servers of its own all the same.
OURS = set(os.environ.get("TEST_SERVERS_OF_OUR_OWN", "").split())
if "DATABASE_URL" in OURS or not os.environ.get("DATABASE_URL"):
    OURS.add("DATABASE_URL")
    OWN.append(Postgres(FOLDER, FOLDER / "logs", is_durable=False))
    os.environ["DATABASE_URL"] = OWN[-1].url
if "REDIS_URL" in OURS or not os.environ.get("REDIS_URL"):
    OURS.add("REDIS_URL")
    OWN.append(Valkey(FOLDER, FOLDER / "logs"))
    os.environ["REDIS_URL"] = OWN[-1].url
os.environ["TEST_SERVERS_OF_OUR_OWN"] = " ".join(OURS)
os.environ["DATA_DIR"] = str(FOLDER / "data")
os.environ.setdefault("SECRET_KEY", "only for tests: " + "k" * 50)


def pytest_unconfigure() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL and Valkey, running until the last test is done."""
    with ExitStack() as running:
        for server in OWN:
            server.start()
            running.callback(server.process.stop)
        yield
