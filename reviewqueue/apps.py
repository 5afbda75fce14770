"""Which Django application is this? The service; it brings the checks of its own settings."""

from django.apps import AppConfig

from reviewqueue import checks


class ReviewQueueConfig(AppConfig):
    name = "reviewqueue"
    checks = checks
