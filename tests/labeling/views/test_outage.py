"""What do people and programs read while the database is away?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client

Ask = Callable[..., Any]


@pytest.fixture
def ask(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """Requests from a thread of its own, whose connection goes to where no database listens."""
    monkeypatch.setitem(connections.settings["default"], "HOST", "127.0.0.1")
    monkeypatch.setitem(connections.settings["default"], "PORT", "1")
    client = Client(headers={"cookie": f"sessionid={'x' * 32}"})
    with ThreadPoolExecutor(1) as elsewhere:
        yield lambda method, path, **rest: elsewhere.submit(getattr(client, method), path, **rest).result()
        elsewhere.submit(connections.close_all).result()


@pytest.mark.parametrize("path", ["/", "/projects/1/", "/projects/1/label/", "/projects/1/report/"])
def test_a_page_says_that_the_database_is_away_and_tries_again(ask: Ask, path: str) -> None:
    response = ask("get", path)
    page = response.content.decode()
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "<h1>The database does not answer</h1>" in page
    assert 'data-retry="/readyz"' in page
    assert "no-store" in response["Cache-Control"]
    assert "Traceback" not in page


def test_what_was_sent_is_not_said_to_be_stored(ask: Ask) -> None:
    response = ask("post", "/projects/1/label/", data={"label_class": "1"})
    assert response.status_code == 503
    assert "may not have been stored" in response.content.decode()
    assert "data-retry" not in response.content.decode()


def test_a_program_gets_a_problem_in_json(ask: Ask) -> None:
    response = ask("get", "/api/v1/projects/", headers={"authorization": "Bearer rq_" + "x" * 43})
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "unavailable"


def test_the_orchestrator_is_told_to_send_nobody(ask: Ask) -> None:
    assert ask("get", "/readyz").status_code == 503
    assert ask("get", "/livez").status_code == 200
