"""A line of the log is one line, and holds no secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.test import Client

from reviewqueue.logs import RedactingFormatter, redacted

SECRET = "wAcACeFhT2yX0n3oPq5rStUvWxYz0123456789_-abc"


class Lines(logging.Handler):
    """What the service's own formatter makes of each record."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(RedactingFormatter("%(levelname)s %(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[list[str]]:
    handler = Lines()
    logging.getLogger("django").addHandler(handler)
    yield handler.lines
    logging.getLogger("django").removeHandler(handler)


# reliability H3
@pytest.mark.parametrize("odd", ["%0A2026-01-01 INFO all is well", "%0D%0Afake", "%1B[31mred", "%00"])
def test_a_path_cannot_write_a_line_of_its_own(client: Client, db: None, lines: list[str], odd: str):
    client.get(f"/no-such-page/{odd}")
    client.post(f"/sign-in/{odd}", HTTP_REFERER=f"https://evil.example/{odd}")
    assert lines
    for line in lines:
        assert "\n" not in line
        assert "\r" not in line
        assert "\x1b" not in line
        assert "\0" not in line


# reliability G4
@pytest.mark.parametrize(
    "line",
    [
        f"Not Found: /join/{SECRET}/",
        f"next=%2Fjoin%2F{SECRET}%2F",
        f"Referer https://queue.example.org/JOIN/{SECRET}",
        f"Authorization: Bearer rq_{SECRET}",
        f"postgresql://reviewqueue_service:{SECRET}@postgres/reviewqueue",
    ],
)
def test_what_is_secret_is_blacked_out(line: str):
    assert SECRET not in redacted(line)
    assert redacted("joined /projects/1/ at 12:30, mail ann@example.org") == (
        "joined /projects/1/ at 12:30, mail ann@example.org"
    )
