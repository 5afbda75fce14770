"""Lease clock: stands still while nobody could be served. One row says when people last could.

The clock is `labeling_now()` for as long as some web process shows a sign of life; without one it stops
ABSENT_SECONDS after the last. So no lease runs out in an outage, whoever looks, and the first sign of life
after it makes the leases longer by the time that was lost.
"""

from __future__ import annotations

from django.db import models
from django.db.models import DateTimeField, Func, Q

from labeling.db.clock import Now

ABSENT_SECONDS = 15  # without a sign of life; from then on it is an outage
# Asked once a statement, not once a row. Where nobody ever showed a sign of life, time passes.
LEASE_NOW = f"""(SELECT least(labeling_now(), (SELECT beat_at FROM labeling_heartbeat)
                                + interval '{ABSENT_SECONDS} seconds'))"""


class LeaseNow(Func):
    """The time by which leases run out."""

    template = LEASE_NOW
    output_field = DateTimeField()


class Heartbeat(models.Model):
    """The last sign of life of any web process: a single row."""

    beat_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_heartbeat")]

    def __str__(self) -> str:
        return f"{self.beat_at}"
