"""Celery application: how messages reach the workers. Configured by `CELERY_*` in the settings."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewqueue.settings")

# The address names the transport, so a name is the only place to put one of our own.
TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "reviewqueue.broker:Transport"))

app = Celery("reviewqueue")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
