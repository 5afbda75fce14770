"""WSGI application: what the web server imports, as `application`."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from reviewqueue.installation import PROGRAM

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewqueue.settings")

if not settings.IS_SECRET_KEY_SHARED:
    raise ImproperlyConfigured(
        f"Set SECRET_KEY, or start the service with {PROGRAM} up: "
        "a key made up by each process signs nobody in."
    )

application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # Django would do it during the first request, while somebody waits
gc.collect()
gc.freeze()  # what is loaded stays: looking through it again would hold up one request in twenty by 0.1 s
import_module("reviewqueue.heartbeat").start()
