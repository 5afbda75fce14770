"""The deployable service: settings, addresses, Celery, health and the servers it can bring along."""

from reviewqueue.celery import app as celery_app

__all__ = ["celery_app"]
