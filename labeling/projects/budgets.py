"""Rate limits: how much one person may ask of a web process in a minute, in pages as in calls of the API."""

from __future__ import annotations

import time

from django.core.cache import cache

MINUTE = 60  # seconds


def spend(purpose: str, person_id: int, cost: int, budget: int) -> bool:
    """Whether what costs so much still fits into the person's budget for this minute.

    purpose : what the budget is for, such as "api"; budgets of different purposes do not touch
    The count lives in the process's memory: it needs no Redis, and where it is lost the person is let in.
    """
    key = f"{purpose}-budget:{person_id}:{int(time.time() // MINUTE)}"
    cache.add(key, 0, timeout=2 * MINUTE)
    try:
        spent = cache.incr(key, cost)
    except ValueError:  # dropped from a full cache
        return True
    return bool(spent <= budget)


def seconds_to_wait() -> float:
    """Until the next minute begins, and with it a new budget."""
    return MINUTE - time.time() % MINUTE
