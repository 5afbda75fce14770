"""Service URLs: what DATABASE_URL and REDIS_URL mean to Django and Celery. Pure: address to setting."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# The queue's own statements are prepared; Django's never are. Without the first, nothing may be; without
# the second, PostgreSQL plans those with lists again each time.
PREPARED = {"prepare_threshold": 5, "options": "-c plan_cache_mode=force_generic_plan"}
CONNECT_SECONDS = 5  # a server whose machine is gone says nothing; libpq itself would wait for minutes
POOL_SECONDS = 5  # that a request waits for a connection; shorter while the database is known to be away


def django_database(url: str, *, pool_size: int) -> dict[str, Any]:
    """Django's database entry for a PostgreSQL address.

    url : postgresql://user:password@host:port/name; `?host=/folder` names the folder of a Unix socket,
        other parameters go to libpq
    pool_size : connections that a process keeps for its threads; 0: each thread keeps its own
    Raises ImproperlyConfigured for any other database: SKIP LOCKED, COPY and the triggers are PostgreSQL's.

    >>> django_database("postgresql://ann:p%40ss@db:5433/queue?sslmode=require", pool_size=0)["PASSWORD"]
    'p@ss'
    >>> django_database("postgresql://rq@/queue?host=/tmp/rq", pool_size=0)["HOST"]
    '/tmp/rq'
    >>> django_database("sqlite:///db.sqlite3", pool_size=0)
    Traceback (most recent call last):
    django.core.exceptions.ImproperlyConfigured: DATABASE_URL must start with postgresql://, ...
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(
            f"DATABASE_URL must start with postgresql://, not {parts.scheme}://. "
            "The queue needs PostgreSQL's row locks; leave DATABASE_URL unset for the embedded server."
        )
    options: dict[str, Any] = PREPARED | {"connect_timeout": CONNECT_SECONDS} | dict(parse_qsl(parts.query))
    host, port = options.pop("host", None), options.pop("port", None)
    entry: dict[str, Any] = {
        "ENGINE": "reviewqueue.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host or parts.hostname or "",
        "PORT": port or parts.port or "",
        "OPTIONS": options,
    }
    if pool_size:
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": POOL_SECONDS}
        return entry
    return entry | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}


def celery_broker(url: str) -> str:
    """Celery's spelling of a Redis address; redis-py writes a Unix socket otherwise.

    >>> celery_broker("unix:///tmp/rq/valkey.sock")
    'redis+socket:///tmp/rq/valkey.sock'
    >>> celery_broker("redis://cache:6379/1")
    'redis://cache:6379/1'
    """
    return url.replace("unix://", "redis+socket://", 1)
