"""Celery tasks: the messages that workers understand. Doorways: ids in, one action."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from labeling.actions import embedding, key_retention, recipes, working
from labeling.models import OwedWork


@shared_task
def import_files(project_id: int, **_later: Any) -> None:
    working.work_off(project_id, OwedWork.Kind.IMPORT)


@shared_task
def featurize(project_id: int, **_later: Any) -> None:
    working.work_off(project_id, OwedWork.Kind.FEATURIZE)


@shared_task
def embed(project_id: int, **_later: Any) -> None:
    working.work_off(project_id, OwedWork.Kind.EMBED)


@shared_task
def train(project_id: int, **_later: Any) -> None:
    working.work_off(project_id, OwedWork.Kind.TRAIN)


@shared_task
def rank(project_id: int, **_later: Any) -> None:
    working.work_off(project_id, OwedWork.Kind.RANK)


@shared_task
def replay(project_id: int, **_later: Any) -> None:
    working.work_off(project_id, OwedWork.Kind.REPLAY)


@shared_task
def tune(project_id: int, **_later: Any) -> None:
    working.work_off(project_id, OwedWork.Kind.TUNE)


@shared_task
def tell_languages(project_id: int, **_later: Any) -> None:
    working.work_off(project_id, OwedWork.Kind.TELL_LANGUAGES)


@shared_task
def owe_tunings(**_later: Any) -> None:
    recipes.owe_due()


@shared_task
def reconcile(**_later: Any) -> None:
    working.reconcile()


@shared_task
def owe_embeddings(**_later: Any) -> None:
    embedding.owe_missing()


@shared_task
def forget_old_keys(**_later: Any) -> None:
    key_retention.forget_old()


@shared_task
def sweep_leases(**_later: Any) -> None:
    working.sweep_leases()
