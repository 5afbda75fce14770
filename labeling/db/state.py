"""Database state: does it answer, is it starting up, or is there no word from it? Asked after a failure."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.db import connection
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

PING_SECONDS = 2  # libpq waits no shorter; on a machine that is there, the answer takes a millisecond
PLACE = ("host", "port", "dbname")


class DatabaseState(StrEnum):
    OK = "ok"
    STARTING = "starting"  # it lives and takes no connections: it recovers from a crash, or is just ending
    DOWN = "down"  # nobody answers at its address


def database_state() -> DatabaseState:
    """Ask the server without a connection or an account, in at most two seconds."""
    parameters: dict[str, Any] = connection.get_connection_params()
    address = {name: parameters[name] for name in PLACE if name in parameters}
    answer = PGconn.ping(make_conninfo(**address, connect_timeout=PING_SECONDS).encode())
    match Ping(answer):
        case Ping.OK:
            return DatabaseState.OK
        case Ping.REJECT:
            return DatabaseState.STARTING
        case _:
            return DatabaseState.DOWN
