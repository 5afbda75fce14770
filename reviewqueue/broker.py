"""Messages of the broker: one that nobody can read costs itself, never the worker that reads it."""

from __future__ import annotations

import base64
import logging
from queue import Empty
from typing import Any

from kombu.transport import redis

logger = logging.getLogger(__name__)

DROPPED = "A message in %s cannot be read and was dropped: %s"  # never what it holds


class QoS(redis.QoS):
    """Messages that were taken and not yet done."""

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Give a message of a dead worker to another one; one that cannot be read is forgotten."""
        try:
            super().restore_by_tag(tag, client, leftmost)
        except (ValueError, TypeError) as error:
            logger.error(DROPPED, self.unacked_key, type(error).__name__)
            self._remove_from_indices(tag).execute()  # type: ignore[attr-defined]  # not in kombu's stubs


class Channel(redis.Channel):
    """A queue's way to the worker."""

    QoS = QoS

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]  # not in kombu's stubs
        except (ValueError, RecursionError) as error:  # no JSON; it has left the queue already
            logger.error(DROPPED, "a queue", type(error).__name__)
            raise Empty from error


class Transport(redis.Transport):
    """Redis as kombu speaks to it, which ends the worker with the first message of a wrong form."""

    Channel = Channel

    def _deliver(self, message: Any, queue: str | None) -> None:
        try:
            require_envelope(message)
        except (ValueError, KeyError, TypeError) as error:
            logger.error(DROPPED, queue, type(error).__name__)
        else:
            super()._deliver(message, queue)


def require_envelope(message: Any) -> None:
    """Raise ValueError, KeyError or TypeError for what kombu could not make a message of.

    >>> require_envelope({"properties": {}})
    Traceback (most recent call last):
    KeyError: 'delivery_info'
    """
    properties = message["properties"]
    delivery, body = properties["delivery_info"], message.get("body") or ""
    texts = (properties["delivery_tag"], delivery["exchange"], delivery["routing_key"], body)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("not a text")
    if not isinstance(message.get("headers"), dict | None):
        raise TypeError("headers")
    if properties.get("body_encoding") not in (None, "base64"):
        raise ValueError("body_encoding")
    if properties.get("body_encoding"):
        base64.b64decode(body)
