"""Database clock: the only time that counts; no process compares times of its own."""

from __future__ import annotations

from django.db.models import DateTimeField, Func


class Now(Func):
    """The database's time of this statement. Tests move it with the setting `labeling.clock_offset`."""

    function = "labeling_now"
    template = "%(function)s()"
    output_field = DateTimeField()
