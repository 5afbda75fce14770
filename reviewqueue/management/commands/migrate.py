"""Django's `migrate`, as the owner of the tables; afterwards the service's role may use them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connection

from labeling.management.owner import as_owner
from reviewqueue.roles import let_serve


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        service = settings.DATABASES["default"]
        is_dry = options["check_unapplied"] or options["plan"]
        with as_owner():
            super().handle(*args, **options)
            if service["USER"] != connection.settings_dict["USER"] and not is_dry:
                with connection.cursor() as cursor:
                    let_serve(cursor, service["USER"], service["PASSWORD"])
