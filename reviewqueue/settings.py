"""What can an operator set? The only module that reads the environment; each variable with unit and reason."""

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def env_flag(name: str, default: bool = False) -> bool:
    """A yes/no variable: 1, true, yes and on mean yes."""
    return os.environ.get(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def env_int(name: str, default: int) -> int:
    """A whole number. Raises ImproperlyConfigured when the variable holds anything else."""
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def env_list(name: str, default: str = "") -> list[str]:
    """Values separated by commas."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def database_from_url(url: str) -> dict[str, object]:
    """Django's database entry for a PostgreSQL address.

    url : postgresql://user:password@host:port/name; `?host=/folder` names the folder of a Unix socket,
        other parameters go to libpq
    returns : entry of DATABASES, without pool
    Raises ImproperlyConfigured for any other database: SKIP LOCKED, COPY and the triggers are PostgreSQL's.

    >>> database_from_url("postgresql://ann:p%40ss@db:5433/queue?sslmode=require")["PASSWORD"]
    'p@ss'
    >>> database_from_url("postgresql://rq@/queue?host=/tmp/rq")["HOST"]
    '/tmp/rq'
    >>> database_from_url("sqlite:///db.sqlite3")
    Traceback (most recent call last):
    django.core.exceptions.ImproperlyConfigured: DATABASE_URL must start with postgresql://, not sqlite://. ...
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(
            f"DATABASE_URL must start with postgresql://, not {parts.scheme}://. "
            "The queue needs PostgreSQL's row locks; leave DATABASE_URL unset for the embedded server."
        )
    options: dict[str, object] = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": options.pop("port", None) or parts.port or "",
        "OPTIONS": options,
    }


# --- Where things are ---------------------------------------------------------------------------------
DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / ".local" / "data").resolve()  # files that must stay
FEATURES_DIR = DATA_DIR / "features"  # memory-mapped shards, shared by the workers of one machine
MODELS_DIR = DATA_DIR / "models"
IS_DATABASE_GIVEN = bool(os.environ.get("DATABASE_URL"))  # else `./run` brings its own PostgreSQL
IS_REDIS_GIVEN = bool(os.environ.get("REDIS_URL"))  # else `./run` brings its own Valkey
DATABASE_URL = os.environ.get("DATABASE_URL") or "postgresql://reviewqueue@localhost/reviewqueue"
REDIS_URL = os.environ.get("REDIS_URL") or "redis://localhost:6379/0"  # unix:///path for a socket

# --- How careful to be --------------------------------------------------------------------------------
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
    """The key from the environment or from the data folder, where `./run up` puts one; "" if there is none."""
    key_file = DATA_DIR / "secret_key"
    if key := os.environ.get("SECRET_KEY"):
        return key
    return key_file.read_text().strip() if os.access(key_file, os.R_OK) else ""


SECRET_KEY = shared_secret_key()  # 50 characters or more; signs sessions and lease tokens
IS_SECRET_KEY_SHARED = bool(SECRET_KEY)
SECRET_KEY = SECRET_KEY or secrets.token_urlsafe(50)  # mypy, migrations: a key for this process only

if HTTPS:
    if DEBUG:
        raise ImproperlyConfigured("DEBUG shows settings to visitors: unset it where HTTPS is on.")
    if not IS_SECRET_KEY_SHARED or len(SECRET_KEY) < 50:
        raise ImproperlyConfigured("Set SECRET_KEY to at least 50 random characters where HTTPS is on.")
    if not ALLOWED_HOSTS or any(host.startswith("*") for host in ALLOWED_HOSTS):
        raise ImproperlyConfigured("Set ALLOWED_HOSTS to the service's own names, without a wildcard.")

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # asked by the orchestrator on the inner network
SECURE_HSTS_SECONDS = HSTS_SECONDS if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True  # forms carry the token; no script needs the cookie
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600  # seconds
X_FRAME_OPTIONS = "DENY"
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
DATA_UPLOAD_MAX_MEMORY_SIZE = (
    10 * 1024 * 1024
)  # bytes of a request body that is no file: 1,000 long documents
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
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
    "labeling",
    "analytics",
    "reviewqueue",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
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
DATABASE_POOL_SIZE = env_int("DATABASE_POOL_SIZE", 0)  # connections a web process keeps; 0: one a thread
DATABASES = {"default": database_from_url(DATABASE_URL)}
if DATABASE_POOL_SIZE:
    DATABASES["default"]["OPTIONS"] |= {  # type: ignore[operator]
        "pool": {"min_size": 1, "max_size": DATABASE_POOL_SIZE, "timeout": 10}
    }
else:
    DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
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
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or DATA_DIR / "static")  # `collectstatic` writes here
WHITENOISE_USE_FINDERS = not HTTPS  # a first run serves files where they lie: no build step
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if HTTPS
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer"
    ],  # no browsable API: no HTML from data
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "STRICT_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Review Queue",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

LOGGING = {  # to stderr, one line an event; never a document's text, a token or a body
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL", "INFO").upper()},
}

# --- Celery: PostgreSQL holds the truth about owed work; a message is a hint that may be lost or doubled ---
TASK_TIME_LIMIT_SECONDS = env_int(
    "TASK_TIME_LIMIT_SECONDS", 900
)  # a training of 100,000 documents takes seconds
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "labeling.tasks.train": {"queue": "train"},
    "labeling.tasks.featurize": {"queue": "train"},
}
