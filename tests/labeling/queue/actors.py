"""How do two people act at once, in an order that the test decides? Each in a thread of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

PATIENCE = 20  # seconds; what should happen happens in milliseconds
TAKE_SLOTS = "WITH free AS"
STORE_ANSWER = "stored AS"
REOPEN = "WITH unsettled AS"
INSERT_ENTRIES = "INSERT INTO labeling_queueentry"


started: list[Actor] = []  # by the test that runs


class Actor(threading.Thread):
    """Does one thing, and stops before the statement that contains `stop_before` until it is let go."""

    def __init__(
        self,
        act: Callable[[], Any],
        *,
        stop_before: str | None = None,
        clock: str = "",
        gate: int | None = None,
    ) -> None:
        """clock : how far this connection's clock is moved, such as "16 minutes"

        gate : an advisory lock that the first look at queue entries waits for *after* its snapshot was taken
        """
        super().__init__(daemon=True)
        started.append(self)
        self.act, self.stop_before, self.clock, self.gate = act, stop_before, clock, gate
        self.backend: int | None = None
        self.has_arrived, self.may_go = threading.Event(), threading.Event()
        self.answer: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('labeling.clock_offset', %s, false)", [self.clock])
            self.backend = connection.connection.info.backend_pid
            with connection.execute_wrapper(self._before):
                self.answer = self.act()
        except BaseException as error:
            self.error = error
        finally:
            connection.close()

    def _before(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.stop_before and self.stop_before in sql and not self.has_arrived.is_set():
            self.has_arrived.set()
            assert self.may_go.wait(PATIENCE), "nobody let this actor go on"
        if self.gate is not None and "FROM labeling_queueentry e JOIN" in sql:
            wait = f"WHERE pg_advisory_lock_shared({self.gate}) IS NOT NULL AND e.project_id"
            sql, self.gate = sql.replace("WHERE e.project_id", wait, 1), None
        return execute(sql, params, many, context)

    @staticmethod
    def end_all() -> None:
        """Let everybody go whom a failed test left standing."""
        for actor in started:
            actor.may_go.set()
        for actor in started:
            if actor.ident is not None:
                actor.join(PATIENCE)
        started.clear()

    def begin(self) -> Actor:
        """Start, and return when it has stopped before its statement."""
        self.start()
        if self.stop_before:
            assert self.has_arrived.wait(PATIENCE), f"it never came to {self.stop_before!r}: {self.error!r}"
        return self

    def begin_and_block(self) -> Actor:
        """Start, and return when it waits for a lock of somebody else."""
        self.start()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.is_alive(), f"it did not wait for anybody: {self.answer!r} {self.error!r}"
            with connection.cursor() as cursor:
                cursor.execute("SELECT cardinality(pg_blocking_pids(%s))", [self.backend or 0])
                if cursor.fetchone()[0]:
                    return self
            time.sleep(0.01)
        raise AssertionError("it never waited for a lock")

    def finish(self) -> Any:
        """Let it go, and return what it got, or raise what it raised."""
        self.may_go.set()
        self.join(PATIENCE)
        assert not self.is_alive(), "it hangs"
        if self.error is not None:
            raise self.error
        return self.answer
