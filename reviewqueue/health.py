"""Health checks: is the service alive, and may it take work? For the orchestrator and the operator."""

from dataclasses import asdict
from functools import cache

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from labeling.db.state import DatabaseState, database_state
from labeling.jobs import service_status
from reviewqueue.celery import app
from reviewqueue.installation import PROGRAM

QUEUES = ("default", "train", "embed", "idle")
PING_SECONDS = 1.0


@never_cache
@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """The process answers. Asks nothing else: a missing database is no reason to restart."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The database takes writes and has this version's tables. Not the broker: labeling can do without it.

    status : "ok", or why not: the database is "starting" or "down", or the service is "unready" to use it
    """
    state, reasons = readiness()
    return JsonResponse({"status": state, "reasons": reasons}, status=503 if reasons else 200)


@never_cache
@require_safe
@login_required
def deep(request: HttpRequest) -> JsonResponse:
    """For an operator (`manage create_account --operator`): the broker, its queues, workers, what fails."""
    if not getattr(request.user, "is_staff", False):
        raise PermissionDenied
    _state, reasons = readiness()
    outages = [outage for outage in service_status.read(settings.DATA_DIR) if outage.is_shown]
    reasons += [f"{outage.part} keeps failing: it {outage.reason}." for outage in outages]
    if service_status.is_disk_full(settings.DATA_DIR):
        reasons.append("The disk is full.")
    facts: dict[str, object] = {
        "reasons": reasons,
        "outages": [asdict(outage) for outage in outages],
        "set_aside": [folder.name for folder in service_status.set_aside(settings.DATA_DIR)],
    }
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=PING_SECONDS)
    try:
        facts["queues"] = {name: client.llen(name) for name in QUEUES}
        answers = app.control.ping(timeout=PING_SECONDS) or []
        facts["workers"] = sorted(name for answer in answers for name in answer)
    except (redis.RedisError, OperationalError) as error:
        reasons.append(f"The broker is not responding: {type(error).__name__}.")
    finally:
        client.close()
    if not facts.get("workers", True):
        reasons.append("No worker is responding.")
    facts["status"] = "unready" if reasons else "ok"
    return JsonResponse(facts, status=503 if reasons else 200)


def readiness() -> tuple[str, list[str]]:
    """Whether the service may take work now, in a word for machines, and why not; no reasons when it may."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean")
            is_read_only = cursor.fetchone()[0]
        if is_read_only:
            return "unready", ["The database is read-only."]
        require_migrations()
    except DatabaseError:
        if database_state() is DatabaseState.STARTING:
            return "starting", ["The database is starting."]
        return "down", ["The database is not responding."]
    except MigrationsMissing as error:
        return "unready", [str(error)]
    return "ok", []


class MigrationsMissing(RuntimeError):
    """The database is missing tables of this version."""


@cache  # success stays true for the life of the process; the exception is not remembered
def require_migrations() -> None:
    """Raises MigrationsMissing with the number of migrations that wait."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        raise MigrationsMissing(f"Migrations to apply: {len(waiting)}. Run `{PROGRAM} manage migrate`.")
