"""Celery tasks: the messages that workers understand. Doorways: ids in, one action."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from labeling import worker
from labeling.features import embeddings
from labeling.jobs.models import OwedWork
from labeling.queue import key_retention
from labeling.training import tuning


@shared_task
def import_files(project_id: int, **_later: Any) -> None:
    worker.work_off(project_id, OwedWork.Kind.IMPORT)


@shared_task
def featurize(project_id: int, **_later: Any) -> None:
    worker.work_off(project_id, OwedWork.Kind.FEATURIZE)


@shared_task
def embed(project_id: int, **_later: Any) -> None:
    worker.work_off(project_id, OwedWork.Kind.EMBED)


@shared_task
def train(project_id: int, **_later: Any) -> None:
    worker.work_off(project_id, OwedWork.Kind.TRAIN)


@shared_task
def rank(project_id: int, **_later: Any) -> None:
    worker.work_off(project_id, OwedWork.Kind.RANK)


@shared_task
def replay(project_id: int, **_later: Any) -> None:
    worker.work_off(project_id, OwedWork.Kind.REPLAY)


@shared_task
def tune(project_id: int, **_later: Any) -> None:
    worker.work_off(project_id, OwedWork.Kind.TUNE)


@shared_task
def tell_languages(project_id: int, **_later: Any) -> None:
    worker.work_off(project_id, OwedWork.Kind.TELL_LANGUAGES)


@shared_task
def owe_tunings(**_later: Any) -> None:
    tuning.owe_due()


@shared_task
def reconcile(**_later: Any) -> None:
    worker.reconcile()


@shared_task
def owe_embeddings(**_later: Any) -> None:
    embeddings.owe_missing()


@shared_task
def forget_old_keys(**_later: Any) -> None:
    key_retention.forget_old()


@shared_task
def sweep_leases(**_later: Any) -> None:
    worker.sweep_leases()
