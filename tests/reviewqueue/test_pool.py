"""Is the web back with its database? A PostgreSQL of its own, killed and started again under a pool."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from psycopg_pool import PoolTimeout

from labeling.jobs.runners import start_time
from reviewqueue.addresses import django_database
from reviewqueue.embedded.postgres import Postgres
from reviewqueue.postgresql import pool as pool_module
from reviewqueue.postgresql.base import DatabaseWrapper
from reviewqueue.postgresql.pool import Pool
from tests.patience import wait_until

SIZE = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("rq")


@pytest.fixture
def postgres(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder, folder / "logs", is_durable=False)
    server.start()
    yield server
    server.process.stop()


@pytest.fixture
def pool(postgres: Postgres) -> Iterator[Pool]:
    pool = Pool(conninfo=postgres.url, min_size=SIZE, max_size=SIZE, timeout=60)
    pool.open(wait=True)
    yield pool
    pool.close()


def take(pool: Pool, count: int = SIZE) -> set[int]:
    """Use so many connections at once. Returns the numbers of their sessions."""
    taken = [pool.getconn() for _ in range(count)]
    sessions = {pid for connection in taken for (pid,) in connection.execute("SELECT pg_backend_pid()")}
    for connection in taken:
        connection.rollback()
        pool.putconn(connection)
    return sessions


def kill(postgres: Postgres) -> None:
    """Return when its sessions are gone as well, which notice a moment later."""
    with psycopg.connect(postgres.url) as witness:
        sessions = [pid for (pid,) in witness.execute("SELECT pid FROM pg_stat_activity").fetchall()]
    postgres.process.kill()
    postgres.process.stop()
    wait_until(lambda: not any(map(start_time, sessions)))


def test_no_connection_of_a_server_that_is_gone_is_handed_out(postgres, pool):
    before = take(pool)
    kill(postgres)
    postgres.start()
    after = take(pool)  # each works at its first statement
    assert (len(before), len(after)) == (SIZE, SIZE)
    assert not before & after


def test_a_session_that_the_server_ended_is_replaced_and_the_others_are_kept(postgres, pool):
    before = take(pool)
    ended = min(before)
    with pool.connection() as connection:
        mine = connection.info.backend_pid
        ended = min(before - {mine})
        connection.execute("SELECT pg_terminate_backend(%s, 10000)", [ended])
    after = take(pool)
    assert before - after == {ended}


def test_a_notice_that_waits_ends_no_connection(postgres, pool):
    before = take(pool)
    with pool.connection() as connection:
        connection.execute("LISTEN labels")
    with pool.connection() as other:
        other.execute("NOTIFY labels")
    assert take(pool) == before


@pytest.mark.slow
def test_it_is_tried_at_even_pauses_for_as_long_as_the_server_is_away(postgres, pool):
    kill(postgres)
    with ThreadPoolExecutor(1) as elsewhere:
        waiting = elsewhere.submit(take, pool, 1)
        wait_until(lambda: pool.is_away)
        before = pool.get_stats()["connections_errors"]
        time.sleep(8)  # doubled pauses would lie at 0, 1, 3, 7 s
        assert pool.get_stats()["connections_errors"] - before > 8
        postgres.start()
        assert len(waiting.result()) == 1
    assert not pool.is_away


@pytest.mark.slow
def test_while_it_is_known_to_be_away_nobody_waits_long(postgres, pool):
    kill(postgres)
    with pytest.raises(PoolTimeout):
        pool.getconn(2)
    assert pool.is_away
    with pytest.raises(PoolTimeout) as refused:
        pool.getconn()
    assert float(str(refused.value).split()[-2]) <= pool_module.AWAY_SECONDS


def test_django_takes_its_connections_from_this_pool(db, postgres):
    options = {"CONN_MAX_AGE": 0} | django_database(postgres.url, pool_size=2)
    settings = connections["default"].settings_dict | options
    connection = DatabaseWrapper(settings)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)
        assert isinstance(connection.pool, Pool)
        connection.close()
        kill(postgres)
        postgres.start()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()
        connection.close_pool()
