"""Service application config: its Celery application and the checks of its settings."""

from django.apps import AppConfig

from reviewqueue import celery, checks


class ReviewQueueConfig(AppConfig):
    name = "reviewqueue"
