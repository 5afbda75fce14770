"""A connection pool for outages: it tries again at even pauses, and hands out no connection that is gone.

psycopg's pool doubles its pauses, which lengthens an outage by up to its own length, and finds out that a
connection is broken when a request fails on it.
"""

from __future__ import annotations

import logging
from select import POLLIN, poll
from time import monotonic
from typing import Any

from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool

logger = logging.getLogger(__name__)
RETRY_SECONDS = 0.5  # between two attempts to connect
AWAY_SECONDS = 1.0  # that a request waits while the server is known to be away: it holds a thread meanwhile


class Pool(ConnectionPool[Connection[Any]]):
    """Connections of one process, shared by its threads."""

    def __init__(self, **options: Any) -> None:
        super().__init__(open=False, reconnect_timeout=RETRY_SECONDS, **options)
        self.is_away = False  # whether the last attempts to connect failed

    def getconn(self, timeout: float | None = None) -> Connection[Any]:
        """A connection that its server has not closed. Raises PoolTimeout."""
        if timeout is None:
            timeout = min(AWAY_SECONDS, self.timeout) if self.is_away else self.timeout
        deadline = monotonic() + timeout
        while is_closed_by_server(connection := super().getconn(deadline - monotonic())):
            connection.close()
            self.putconn(connection)  # which makes a new one in its place
        if self.is_away:
            self.is_away = False
            logger.warning("The database answers again.")
        return connection

    def reconnect_failed(self) -> None:
        """The pool gave up an attempt: begin another one."""
        if not self.is_away:
            self.is_away = True
            logger.error("The database does not answer; tried again every %s s.", RETRY_SECONDS)
        self.check()


def is_closed_by_server(connection: Connection[Any]) -> bool:
    """Whether the server ended a connection that nobody uses now. Asks the socket, not the server."""
    socket = poll()
    try:
        socket.register(connection.fileno(), POLLIN)
        while socket.poll(0):  # there is something to read: a notice, its last words, or the end
            connection.pgconn.consume_input()
    except OperationalError:
        return True
    return False
