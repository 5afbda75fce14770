"""Celery tasks: the messages that workers understand. Doorways: ids in, one action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import shared_task

from labeling import worker
from labeling.exchange import export_jobs, upload_files
from labeling.features import embeddings, pipeline
from labeling.jobs.models import Job
from labeling.queue import key_retention
from labeling.replay import control
from labeling.training import tuning


@shared_task
def run_job(project_id: int, kind: str, **_later: Any) -> None:
    """Run the queued job of this kind. Queue and time limit are those of its lane: `labeling.jobs.lanes`."""
    worker.run_job(project_id, Job.Kind(kind))


def _earlier_task(kind: Job.Kind) -> Callable[..., None]:
    def run_earlier(project_id: int, **_later: Any) -> None:
        worker.run_job(project_id, kind)

    return run_earlier


# Messages that an earlier version left in the broker: it had a task for each kind.
for _kind in Job.Kind:
    _name = "import_files" if _kind == Job.Kind.IMPORT else _kind
    shared_task(name=f"labeling.tasks.{_name}")(_earlier_task(_kind))


@shared_task
def owe_tunings(**_later: Any) -> None:
    tuning.enqueue_due()


@shared_task
def owe_comparisons(**_later: Any) -> None:
    control.enqueue_due()


@shared_task
def reconcile(**_later: Any) -> None:
    worker.reconcile()


@shared_task
def owe_embeddings(**_later: Any) -> None:
    embeddings.enqueue_missing()
    pipeline.enqueue_outdated()


@shared_task
def forget_old_keys(**_later: Any) -> None:
    key_retention.forget_old()


@shared_task
def sweep_leases(**_later: Any) -> None:
    worker.sweep_leases()


@shared_task
def sweep_uploads(**_later: Any) -> None:
    upload_files.sweep()
    export_jobs.sweep()
