"""Report tasks: the messages that workers understand. Doorways of analytics: one call each."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from analytics import measuring, needs


@shared_task
def measure_models(**_later: Any) -> None:
    needs.write_all(measuring.measure_due())
