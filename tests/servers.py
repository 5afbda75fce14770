"""The servers that the tests talk to: private ones in a temporary folder, started when the first test asks.

Loaded with `-p tests.servers`, before Django reads its settings: their addresses are known before they run.
DATABASE_URL and REDIS_URL, where set, name servers to use instead.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from labeling.jobs.runners import start_time
from reviewqueue.embedded.postgres import Postgres
from reviewqueue.embedded.valkey import Valkey
from tests.migrated import start_migrated

MEMORY = Path("/dev/shm")
MIN_MEMORY_BYTES = 2 * 1024**3  # free; a whole run writes some hundred megabytes
PREFIX = "rq-test-"


def make_folder() -> Path:
    """A folder for everything that the tests write, in memory where there is room for it.

    What killed runs left behind goes: nobody else empties a memory disk before the next start of the machine.
    """
    has_room = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MIN_MEMORY_BYTES
    parent = MEMORY if has_room else Path(tempfile.gettempdir())
    for folder in parent.glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and start_time(int(pid)) is None:
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))


FOLDER = make_folder()
POSTGRES: Postgres | None = None
VALKEY: Valkey | None = None
# A parallel run starts processes that inherit our addresses; each has servers of its own all the same.
OURS = set(os.environ.get("TEST_SERVERS_OF_OUR_OWN", "").split())
if "DATABASE_URL" in OURS or not os.environ.get("DATABASE_URL"):
    OURS.add("DATABASE_URL")
    POSTGRES = Postgres(FOLDER, FOLDER / "logs", is_durable=False)
    os.environ["DATABASE_URL"] = POSTGRES.url
if "REDIS_URL" in OURS or not os.environ.get("REDIS_URL"):
    OURS.add("REDIS_URL")
    VALKEY = Valkey(FOLDER, FOLDER / "logs")
    os.environ["REDIS_URL"] = VALKEY.url
os.environ["TEST_SERVERS_OF_OUR_OWN"] = " ".join(OURS)
os.environ["DATA_DIR"] = str(FOLDER / "data")
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # as in the service; NumPy reads it later
os.environ.setdefault("SECRET_KEY", "only for tests: " + "k" * 50)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Folders of single tests lie here too, where flushing costs nothing, unless a --basetemp is given."""
    folder = config.option.basetemp
    if folder is None or PREFIX in str(folder):  # a parallel run's parent has such a one, and hands it on
        config.option.basetemp = str(FOLDER / "t")  # short: some hold sockets


def pytest_unconfigure() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL, with a database that is migrated, and Valkey, running until the last test is done."""
    with ExitStack() as running:
        if POSTGRES is not None:
            start_migrated(POSTGRES)
            POSTGRES.process.stop_signal = signal.SIGQUIT  # "immediate": nobody will read its files again
            running.callback(POSTGRES.process.stop)
        if VALKEY is not None:
            VALKEY.start()
            running.callback(VALKEY.process.stop)
        yield
