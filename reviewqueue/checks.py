"""System checks: settings that would lose work without a word. Run by `check`, `migrate` and each worker."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@register(Tags.compatibility)
def a_long_task_runs_once(**kwargs: Any) -> list[CheckMessage]:
    """Redis hands a message out again after the visibility timeout, even while its task still runs."""
    visible = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    if visible >= 2 * settings.CELERY_TASK_TIME_LIMIT:
        return []
    return [
        Error(
            f"visibility_timeout is {visible} s, less than twice the time limit of a task "
            f"({settings.CELERY_TASK_TIME_LIMIT} s), so a long task would run twice at once.",
            id="reviewqueue.E001",
        )
    ]


@register(Tags.security)
def messages_are_only_data(**kwargs: Any) -> list[CheckMessage]:
    """Whoever can write to the broker could run code in a worker that accepts pickle."""
    if list(settings.CELERY_ACCEPT_CONTENT) == ["json"]:
        return []
    return [Error("Workers must accept only JSON messages.", id="reviewqueue.E002")]


@register(Tags.database)
def commits_are_durable(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """An acknowledged label has to survive a crash. Runs with `migrate`, so at each start of the service."""
    messages: list[CheckMessage] = []
    for alias in databases or []:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off'", [list(DURABLE)]
            )
            names = [row[0] for row in cursor.fetchall()]
        messages += [
            Error(
                f"PostgreSQL runs with {name}=off, so a crash would lose saved labels.",
                hint=f"Set {name}=on for the server, the database and the role.",
                id="reviewqueue.E003",
            )
            for name in names
        ]
    return messages
