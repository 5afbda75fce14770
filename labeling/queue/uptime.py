"""Uptime: web processes show that they serve people, and leases grow by the time in which none did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from labeling.db.clock import Now
from labeling.queue.lease_clock import ABSENT_SECONDS, Heartbeat
from labeling.queue.predicates import live

ABSENT = timedelta(seconds=ABSENT_SECONDS)

# Those that were held when people were last served, or taken within the moments before the outage was one.
_HELD_THEN = f"""
    {live("l", at="%(since)s")} AND l.leased_at <= %(since)s + %(absent)s
"""
# By rising id, as everywhere: whoever answers fifty documents at once locks them in the same order.
_LOCK = f"""
    SELECT d.id FROM labeling_document d
    WHERE EXISTS (SELECT 1 FROM labeling_lease l WHERE l.document_id = d.id AND {_HELD_THEN})
    ORDER BY d.id
    FOR NO KEY UPDATE OF d
"""
_LENGTHEN = f"""
    UPDATE labeling_lease l
    SET leased_at = l.leased_at + %(away)s, leased_until = l.leased_until + %(away)s
    WHERE {_HELD_THEN}
"""


@transaction.atomic
def beat() -> timedelta:
    """Show that people can be served now. Returns how long they could not be before, 0 for moments.

    By that time, and in the same transaction as the sign of life, the leases that were held grow. Of several
    processes the first one does it, and the others, which wait for its row, find nothing lost any more.
    """
    last = Heartbeat.objects.select_for_update().annotate(now=Now()).first()
    if last is None:
        Heartbeat.objects.bulk_create([Heartbeat(pk=1)], ignore_conflicts=True)
        return timedelta()
    away = last.now - last.beat_at
    if away > ABSENT:
        _lengthen({"since": last.beat_at, "away": away, "absent": ABSENT})
    Heartbeat.objects.update(beat_at=Now())
    return away if away > ABSENT else timedelta()


def _lengthen(parameters: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, parameters)
        cursor.execute(_LENGTHEN, parameters)
