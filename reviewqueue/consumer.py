"""Task messages as this service sends them: whatever else stands in a queue is refused, and nothing more."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import NoneType
from typing import Any

from celery.worker import consumer

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 100_000  # ids of projects, never documents
FORM: dict[str, Any] = {  # headers that Celery reads, as it writes them itself
    "id": str,
    "task": str,
    "root_id": str | None,
    "parent_id": str | None,
    "group": str | None,
    "group_index": int | None,
    "shadow": str | None,
    "argsrepr": str | None,
    "kwargsrepr": str | None,
    "expires": str | None,
    "eta": NoneType,  # nothing here is put off by a message
    "retries": int | None,
    "timelimit": list | None,
    "ignore_result": bool | None,
    "replaced_task_nesting": int | None,
    "stamped_headers": list | None,
    "stamps": dict | None,
}


class Consumer(consumer.Consumer):
    """A worker's ear. A message that it cannot understand costs that message alone."""

    connection_errors: tuple[type[Exception], ...]
    channel_errors: tuple[type[Exception], ...]

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """What Celery does with a message, and nothing where it would fail."""
        handle = super().create_task_handler(*args, **kwargs)
        of_the_broker = self.connection_errors + self.channel_errors

        def on_task_received(message: Any) -> None:
            try:
                if message.headers and "task" in message.headers:
                    require_task(message)
                handle(message)
            except of_the_broker:
                raise
            except Exception as error:
                logger.error("A message was refused: %s: %s", type(error).__name__, str(error)[:200])
                if not message.acknowledged:
                    message.reject_log_error(logger, of_the_broker)

        return on_task_received


def require_task(message: Any) -> None:
    """Raise what is wrong with a message that says that it is a task.

    Celery reads headers one by one as it goes, and ends the worker, or loses one of its processes, where one
    of them has another form.
    """
    for name, form in FORM.items():
        if not isinstance(message.headers.get(name), form):
            raise TypeError(f"the header {name}")
    limits = message.headers.get("timelimit") or [None, None]
    if len(limits) != 2 or not all(isinstance(limit, int | float | None) for limit in limits):
        raise TypeError("the header timelimit")
    if len(message.body) > MAX_BODY_BYTES:
        raise ValueError(f"a body of {len(message.body)} bytes")
    args, kwargs, embedded = message.decode()
    if not isinstance(args, list) or not isinstance(kwargs, dict) or any((embedded or {}).values()):
        raise TypeError("the body")
