"""Settings: what an operator can set. The only reader of the environment; each variable has its unit."""

import ipaddress
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from reviewqueue import installation, openapi
from reviewqueue.addresses import celery_broker, django_database

BASE_DIR = installation.ROOT


YES, NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def env_flag(name: str, *, default: bool = False) -> bool:
    """A yes/no variable. Raises ImproperlyConfigured when it holds anything else.

    default : what an unset or empty one means
    """
    value = os.environ.get(name, "").strip().lower()
    if value not in YES | NO:
        raise ImproperlyConfigured(f"{name} must be yes or no, not {value!r}.")
    return value in YES if value else default


def env_int(name: str, default: int) -> int:
    """A whole number. Raises ImproperlyConfigured when the variable holds anything else."""
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def env_list(name: str, default: str = "") -> list[str]:
    """Values separated by commas."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def default_data_dir() -> Path:
    """In the clone, else the user's folder for data of programs: never beside installed code.

    Raises ImproperlyConfigured for a user without a home.
    """
    if installation.IS_CLONE:
        return BASE_DIR / ".local" / "data"
    data_home = Path(os.environ.get("XDG_DATA_HOME", ""))
    try:
        return (
            data_home if data_home.is_absolute() else Path.home() / ".local" / "share"
        ) / installation.NAME
    except RuntimeError as error:
        raise ImproperlyConfigured("This user has no home folder. Set DATA_DIR or use --data.") from error


# --- Where things are ---------------------------------------------------------------------------------
DATA_DIR = Path(os.environ.get("DATA_DIR") or default_data_dir()).resolve()  # files that must stay
FEATURES_DIR = DATA_DIR / "features"  # memory-mapped shards, shared by the workers of one machine
MODELS_DIR = DATA_DIR / "models"
ENCODERS_DIR = DATA_DIR / "encoders"  # the sentence encoder as each processor runs it
IS_DATABASE_GIVEN = bool(os.environ.get("DATABASE_URL"))  # else `./run` brings its own PostgreSQL
IS_REDIS_GIVEN = bool(os.environ.get("REDIS_URL"))  # else `./run` brings its own Valkey
DATABASE_URL = os.environ.get("DATABASE_URL") or "postgresql://reviewqueue@localhost/reviewqueue"
# The owner of the tables; the role above needs no more than to read and change rows.
MIGRATIONS_DATABASE_URL = os.environ.get("MIGRATIONS_DATABASE_URL") or DATABASE_URL
REDIS_URL = os.environ.get("REDIS_URL") or "redis://localhost:6379/0"  # unix:///path for a socket

# --- How careful to be --------------------------------------------------------------------------------
LISTEN_ADDRESS = os.environ.get("LISTEN_ADDRESS", "")  # of the web process; `./run` sets 127.0.0.1
DEBUG = env_flag("DEBUG")  # tracebacks in the browser: for development alone
HTTPS = env_flag("HTTPS")  # the service is reached by TLS: redirect, HSTS, secure cookies, strict start-up
HSTS_SECONDS = env_int("HSTS_SECONDS", 31_536_000)  # a year, what browsers ask for before they preload
TRUSTED_PROXY = env_flag(
    "TRUSTED_PROXY"
)  # a proxy in front sets X-Forwarded-Proto and removes a client's own
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")  # host names, commas between
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")  # https://name, where it differs from the host
ACCOUNT_PASSWORD_MIN_LENGTH = env_int("PASSWORD_MIN_LENGTH", 10)  # characters; no rule on their kind


def shared_secret_key() -> str:
    """The key from the environment, or from the data folder, where `./run up` puts one; else ""."""
    key_file = DATA_DIR / "secret_key"
    if key := os.environ.get("SECRET_KEY"):
        return key
    return key_file.read_text().strip() if os.access(key_file, os.R_OK) else ""


SECRET_KEY = shared_secret_key()  # 50 characters or more; signs sessions and lease tokens
IS_SECRET_KEY_SHARED = bool(SECRET_KEY)
SECRET_KEY = SECRET_KEY or secrets.token_urlsafe(50)  # mypy, migrations: a key for this process only


def is_loopback(address: str) -> bool:
    """Whether this machine alone reaches the address; an unknown one counts as open to others."""
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


IS_PUBLIC = HTTPS or not is_loopback(LISTEN_ADDRESS)  # others may reach the service
IS_KEY_WEAK = IS_SECRET_KEY_SHARED and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5)  # as Django counts
if IS_PUBLIC:
    if DEBUG:
        raise ImproperlyConfigured(
            "DEBUG shows settings to visitors: unset it, or set LISTEN_ADDRESS=127.0.0.1 and HTTPS=no."
        )
    if IS_KEY_WEAK or (HTTPS and not IS_SECRET_KEY_SHARED):
        raise ImproperlyConfigured("Set SECRET_KEY to at least 50 random characters.")
    if not ALLOWED_HOSTS or any(host.startswith("*") for host in ALLOWED_HOSTS):
        raise ImproperlyConfigured("Set ALLOWED_HOSTS to the service's own names, without a wildcard.")

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # asked by the orchestrator, inside its network
SECURE_HSTS_SECONDS = HSTS_SECONDS if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True  # forms carry the token; no script needs the cookie
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600  # seconds
SESSION_COOKIE_AGE = 14 * 24 * 3600  # seconds
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024**2  # bytes of a body that is no file: 1,000 long documents
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # three for each span of an answer
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes; larger files go to disk, so imports keep memory flat

# --- Django -------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "analytics",  # before labeling: its commands extend those of labeling with the same names
    "labeling",
    "reviewqueue",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "labeling.web.middleware.ReaderLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "labeling.web.middleware.DatabaseOutage",
]
ROOT_URLCONF = "reviewqueue.urls"
WSGI_APPLICATION = "reviewqueue.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASE_POOL_SIZE = env_int("DATABASE_POOL_SIZE", 0)  # connections of a web process; 0: one a thread
DATABASES = {"default": django_database(DATABASE_URL, pool_size=DATABASE_POOL_SIZE)}
MIGRATIONS_DATABASE = django_database(MIGRATIONS_DATABASE_URL, pool_size=0)
LOGIN_URL = "labeling:sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": ACCOUNT_PASSWORD_MIN_LENGTH},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LANGUAGE_CODE = "en"
ENGLISH = (  # where dates and numbers are written in other ways than in America
    ("au", "Australia"),
    ("ca", "Canada"),
    ("gb", "UK"),
    ("ie", "Ireland"),
    ("in", "India"),
    ("nz", "New Zealand"),
    ("za", "South Africa"),
)
LANGUAGES = [
    ("en", "English (US)"),
    *(("en-" + country, f"English ({name})") for country, name in ENGLISH),
    ("de", "Deutsch"),
]
TIME_ZONE = "UTC"

# The documentation, which the service shows: in a clone beside the code, in a wheel inside it.
DOCUMENTATION = BASE_DIR / "docs" if installation.IS_CLONE else BASE_DIR / "reviewqueue" / "docs"
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = not HTTPS  # a first run serves files where they lie: no build step
# Where `collectstatic` puts them otherwise: in the clone, so that an image holds them, else beside the data.
STATIC_ROOT = (BASE_DIR if installation.IS_CLONE else DATA_DIR) / "staticfiles" if HTTPS else None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "reviewqueue.statics.Statics"
        if HTTPS
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Of each process: what it forgets is counted anew, and nothing waits for Redis.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
# Of one person in one web process: a read or a claim costs 1, an import 100.
API_BUDGET_PER_MINUTE = env_int("API_BUDGET_PER_MINUTE", 6_000)
# Likewise of pages: one that is soon made costs 1, to send a file or to have it read 50.
PAGE_BUDGET_PER_MINUTE = env_int("PAGE_BUDGET_PER_MINUTE", 1_200)
REST_FRAMEWORK = {  # what every address shares stands in labeling.api.edge.endpoints
    "EXCEPTION_HANDLER": "labeling.api.edge.errors.handle",
    "DEFAULT_AUTHENTICATION_CLASSES": ["labeling.api.edge.authentication.TokenAuthentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],  # no HTML is made from data
    "DEFAULT_PARSER_CLASSES": ["labeling.api.edge.parsers.StrictJsonParser"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "STRICT_JSON": True,
}
SPECTACULAR_SETTINGS = openapi.DOCUMENT

LOGGING = {  # to stderr, one line an event; never a document's text, a token, a secret of a link or a body
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "reviewqueue.logs.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "psycopg.pool": {"level": "ERROR"},  # a line an attempt while the database is away; ours has one
        "granian.access": {"handlers": ["stderr"], "propagate": False},  # where its access log is switched on
    },
}

# --- Celery: PostgreSQL holds the truth about jobs; a message is a hint that may be lost or doubled ---
EMBEDDINGS = env_flag("EMBEDDINGS", default=True)  # whether workers run the sentence encoder
TASK_TIME_LIMIT_SECONDS = env_int("TASK_TIME_LIMIT_SECONDS", 900)  # a longer task is ended by force
CELERY_BROKER_URL = celery_broker(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 2 * TASK_TIME_LIMIT_SECONDS,  # shorter, and a long task would start twice
    "unacked_restore_interval": 5,  # seconds; with throttle 1 a killed worker's task returns at once,
    "unacked_restore_throttle": 1,  # not a hundred seconds after its timeout
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # workers wait for Redis as long as it takes,
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # also while it refuses to write: its disk is full
# A submit must not wait for a broker that is away; seconds.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_step": 0.2, "interval_max": 0.2}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True  # without it, acks_late forgets the task of a killed process
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = TASK_TIME_LIMIT_SECONDS
CELERY_TASK_SOFT_TIME_LIMIT = TASK_TIME_LIMIT_SECONDS * 9 // 10  # leaves time to end cleanly
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]  # a pickle in the broker is refused, not run
CELERY_WORKER_CONSUMER = "reviewqueue.consumer:Consumer"  # a malformed message costs itself, not the worker
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_TASK_DEFAULT_QUEUE = "default"  # jobs name their own: labeling/jobs/lanes.py
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # a worker takes what it runs, so no task waits behind a training
CELERY_WORKER_MAX_TASKS_PER_CHILD = 50  # numerical libraries grow; a new process starts small
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 2_000_000  # kB
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5  # seconds to finish after SIGQUIT; then the task goes back
# A run goes on without the broker; its message may come again, and then the row says that nothing is queued.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
REMINDERS = {  # seconds between two
    "labeling.tasks.reconcile": 1,  # how soon a due training is noticed; one statement for all projects
    "labeling.tasks.owe_embeddings": 15,  # how soon new documents are noticed that want one
    "labeling.tasks.owe_tunings": 60,  # how soon a doubling of the labels is noticed
    "labeling.tasks.owe_comparisons": 60,  # how soon a tenth more labels are noticed
    "analytics.tasks.measure_models": 5,  # how soon a new model is measured; two statements for all projects
    "labeling.tasks.forget_old_keys": 3_600,  # idempotency keys that are past their month
    "labeling.tasks.sweep_uploads": 3_600,  # and export files that are a day old
    "labeling.tasks.sweep_leases": 15,  # for the reports: a claim takes a lease that ran out by itself
}
CELERY_BEAT_SCHEDULE = {  # each expires with the next: no pile of them waits for a worker that was away
    task: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for task, seconds in REMINDERS.items()
}
