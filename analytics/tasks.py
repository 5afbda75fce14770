"""Report tasks: the messages that workers understand. Doorways of analytics: one call each."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from analytics.class_report import class_needs
from analytics.learning_curves import measure


@shared_task
def measure_models(**_later: Any) -> None:
    class_needs.write_all(measure.measure_due())
