"""Prepared statements: what runs thousands of times is planned once a connection, then only executed.

To plan the queue's statements took longer than to execute them. The connection asks for generic plans
(`plan_cache_mode`, see reviewqueue.addresses); where a pooler drops that wish, the same statements run, only
planned again each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from psycopg.types.numeric import Int8

_uses: WeakKeyDictionary[Any, int] = WeakKeyDictionary()  # statements that each connection has run


class _PreparingCursor(ServerBindingCursor):
    """Asks the server to keep the plan of whatever it executes."""

    def _send_query_prepared(self, name: bytes, pgq: Any, **options: Any) -> None:
        self._query = pgq  # what Django shows as the statement that ran; psycopg keeps it for unprepared ones
        super()._send_query_prepared(name, pgq, **options)  # type: ignore[misc]

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(query, params, **(options | {"prepare": True}))  # type: ignore[misc]


def run(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Execute a statement of labeling.queue.sql; its rows, none where it answers nothing.

    Every parameter in it names its type, because the server sees no values while it plans.
    """
    connection.ensure_connection()
    _plan_again_as_tables_grow()
    prepare = connection._prepare_cursor  # type: ignore[attr-defined] # wraps a cursor like Django's own
    executed: Any = _PreparingCursor(connection.connection)  # type: ignore[call-arg]
    with prepare(executed) as cursor:
        cursor.execute(statement, {name: _typed(value) for name, value in parameters.items()})
        return list(executed.fetchall()) if executed.pgresult.nfields else []


def _plan_again_as_tables_grow() -> None:
    """Forget this connection's plans after 1, 2, 4, 8 … statements.

    A plan made while a table had one page reads it from end to end, and PostgreSQL keeps that plan until it
    analyzes the table again: a minute in which claims of fifty documents went from 0.1 s to 9 s.
    """
    _uses[connection.connection] = uses = _uses.get(connection.connection, 0) + 1
    if uses & (uses - 1) == 0:
        connection.connection.execute("DISCARD PLANS")


def _typed(value: Any) -> Any:
    """All integers as the widest: by their size, psycopg would prepare a statement for every mixture."""
    if isinstance(value, list):
        return [_typed(each) for each in value]
    return Int8(value) if isinstance(value, int) and not isinstance(value, bool) else value
