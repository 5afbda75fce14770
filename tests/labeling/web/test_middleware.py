"""What do people and programs read while the database is away?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from psycopg.pq import Ping

from labeling.db.state import DatabaseState, database_state
from reviewqueue.embedded.postgres import PORT, Postgres
from tests.elements import compact

Ask = Callable[..., Any]


@contextmanager
def asking(host: str, port: int) -> Iterator[Ask]:
    """Requests from a thread of its own, whose connection goes to this address."""
    client = Client(headers={"cookie": f"sessionid={'x' * 32}"})
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as elsewhere:
        patch.setitem(connections.settings["default"], "HOST", host)
        patch.setitem(connections.settings["default"], "PORT", str(port))
        yield lambda method, path, **rest: elsewhere.submit(getattr(client, method), path, **rest).result()
        elsewhere.submit(connections.close_all).result()


@pytest.fixture
def ask(db: None) -> Iterator[Ask]:
    """Where no database listens."""
    with asking("127.0.0.1", 1) as ask:
        yield ask


@pytest.fixture(scope="module")
def recovering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a database that lives and takes nobody: it waits for a file of its archive."""
    folder = tmp_path_factory.mktemp("rq")
    server = Postgres(folder, folder / "logs", is_durable=False)
    server.start()
    server.process.kill()
    (server.cluster / "recovery.signal").touch()
    server.process.command += ["-c", "restore_command=sleep 600; exit 1", "-c", "hot_standby=off"]
    starting = server.starting()
    while server.ping() is not Ping.REJECT:
        next(starting)
    yield server.sockets
    server.process.kill()


@pytest.fixture
def ask_recovering(db: None, recovering: Path) -> Iterator[Ask]:
    with asking(str(recovering), PORT) as ask:
        yield ask


@pytest.mark.parametrize("path", ["/", "/projects/1/", "/projects/1/label/", "/projects/1/quality/"])
def test_a_page_says_that_the_database_is_away_and_tries_again(ask: Ask, path: str) -> None:
    response = ask("get", path)
    page = response.content.decode()
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "<h1>The database is not responding</h1>" in compact(page)
    assert 'data-retry="/readyz"' in page
    assert "no-store" in response["Cache-Control"]
    assert "Traceback" not in page


def test_what_was_sent_is_not_said_to_be_stored(ask: Ask) -> None:
    response = ask("post", "/projects/1/label/", data={"label_class": "1"})
    assert response.status_code == 503
    assert "may not have been saved" in response.content.decode()
    assert "data-retry" not in response.content.decode()


def test_a_program_gets_a_problem_in_json(ask: Ask) -> None:
    response = ask("get", "/api/v1/projects/", headers={"authorization": "Bearer rq_" + "x" * 43})
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "unavailable"


def test_the_orchestrator_is_told_to_send_nobody(ask: Ask) -> None:
    response = ask("get", "/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "down", "reasons": ["The database is not responding."]}
    assert ask("get", "/livez").status_code == 200


def test_a_page_says_that_the_database_is_starting_up(ask_recovering: Ask) -> None:
    page = ask_recovering("get", "/projects/1/").content.decode()
    assert "<h1>The database is starting up</h1>" in compact(page)
    assert 'data-retry="/readyz"' in page
    assert "is not responding" not in page


def test_while_it_starts_nothing_that_was_sent_is_said_to_be_stored(ask_recovering: Ask) -> None:
    page = ask_recovering("post", "/projects/1/label/", data={"label_class": "1"}).content.decode()
    assert "<h1>The database is starting up</h1>" in compact(page)
    assert "may not have been saved" in page


def test_a_program_reads_that_the_database_is_starting_up(ask_recovering: Ask) -> None:
    bearer = {"authorization": "Bearer rq_" + "x" * 43}
    response = ask_recovering("get", "/api/v1/projects/", headers=bearer)
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert response.json()["code"] == "unavailable"
    assert response.json()["detail"] == "The database is starting. Try again in a moment."


def test_the_orchestrator_tells_a_start_from_an_outage(ask_recovering: Ask) -> None:
    response = ask_recovering("get", "/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "starting", "reasons": ["The database is starting."]}


def test_a_database_that_answers_is_neither(db: None) -> None:
    assert database_state() is DatabaseState.OK
