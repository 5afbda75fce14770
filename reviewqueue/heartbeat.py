"""Web heartbeat: beside its requests, each web process shows every few seconds that it serves people."""

from __future__ import annotations

import logging
from threading import Thread
from time import sleep

from django.db import DatabaseError, InterfaceError, connection

from labeling.queue import uptime

logger = logging.getLogger(__name__)
BEAT_SECONDS = 5  # three of them may be missed before it counts as an outage


def start() -> Thread:
    """Beat until the process ends, in a thread of its own."""
    heart = Thread(target=_beat_for_ever, name="heartbeat", daemon=True)
    heart.start()
    return heart


def _beat_for_ever() -> None:
    while True:
        beat()
        sleep(BEAT_SECONDS)


def beat() -> None:
    """One sign of life, on a connection that goes back at once. While the database is away there is none."""
    try:
        if away := uptime.beat():
            logger.warning(
                "The service was away for %d s. Leases were extended by that time.", away.total_seconds()
            )
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The heartbeat failed: %s", type(error).__name__)
    finally:
        connection.close()
