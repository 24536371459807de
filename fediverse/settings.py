"""Settings for every environment, read from variables that `.env.example` documents.

Safe for production when nothing is set: DEBUG off, a secret, hosts, database and Redis required.
A missing or wrong variable never raises here; `manage.py check` names it (see `env.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fediverse.env import (
    boolean,
    database,
    env,
    local_hosts,
    number,
    one_of,
    problems,
    redis,
    required,
)
from fediverse.logs import structured
from fediverse.pooled import CheckedConnection
from fediverse.web_settings import *  # noqa: F403  (all of it are settings)

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = boolean("DEBUG", default=False)
SECRET_KEY = required(
    "SECRET_KEY",
    "fediverse.E002",
    when=True,
    hint="Set SECRET_KEY to a long random text: python3 -c 'import secrets;"
    "print(secrets.token_urlsafe(64))'.",
)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
required(
    "ALLOWED_HOSTS",
    "fediverse.E003",
    when=not DEBUG,
    hint="Set ALLOWED_HOSTS to the host names that this site answers to, with commas between.",
)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ENV_PROBLEMS = problems

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "fediverse.apps.HubConfig",
    "fediverse.activities.apps.ActivitiesConfig",
    "accounts.apps.AccountsConfig",
    # Before django_rq, so that `manage.py rqworker` is ours: django-rq's defaults to pickle.
    "queues.apps.QueuesConfig",
    "django_rq",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "fediverse.request_ids.RequestIdMiddleware",
    "fediverse.answers.ContentSecurityPolicyMiddleware",
    "fediverse.answers.PrivateAnswersMiddleware",
    "fediverse.answers.ProblemsMiddleware",
    "fediverse.middleware.RequestGuardMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "fediverse.middleware.HealthMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "fediverse.answers.ConditionalDocumentsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "fediverse.urls"
WSGI_APPLICATION = "fediverse.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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

# Postgres. A worker's threads share one pool, which opens connections only as they are needed.
DATABASE_POOL_SIZE = number("DATABASE_POOL_SIZE", 40, least=4, most=500)
DATABASES: dict[str, dict[str, Any]] = {"default": database("DATABASE_URL")}
# After a restart of Postgres, each pooled connection would else fail one request.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {
        "connect_timeout": 5,
        # The engine's hot statements are parsed and planned once a connection. Switch it off behind
        # a pooler that gives each transaction another one (PgBouncer before 1.21).
        "prepare_threshold": 5 if boolean("PREPARED_STATEMENTS", default=True) else None,
        # A peer that is gone without a word is noticed in ten seconds, not in two hours.
        "tcp_user_timeout": 10_000,
        "pool": {
            "connection_class": CheckedConnection,
            "min_size": 1,
            "max_size": DATABASE_POOL_SIZE,
            # Who waits for longer gets a 503: a thread that is held is one that answers nobody.
            "timeout": 4,
            "reconnect_timeout": 2,
        },
    }
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

# Redis. It may vanish at any time: jobs live in Postgres, and sessions do too.
REDIS = redis("REDIS_URL")
REDIS_CLIENT_KWARGS = {"socket_timeout": 5.0, "socket_connect_timeout": 2.0}
# Nothing shared is cached: Django's caches unpickle, so whoever writes to them would run code here.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# The queues: names, defaults for their jobs, and how many jobs a worker runs side by side.
QUEUES: dict[str, dict[str, Any]] = {
    "content-aggregation": {
        "json_name": "contentAggregation",
        "attempts": 3,
        "backoff": {"type": "exponential", "delay": 2000},
        "keep_completed": 10,
        "keep_failed": 5,
        "slots": number("SLOTS_CONTENT_AGGREGATION", 16, least=1, most=500),
    },
    "notifications": {
        "json_name": "notifications",
        "attempts": 2,
        "backoff": {"type": "fixed", "delay": 5000},
        "keep_completed": 5,
        "keep_failed": 3,
        "slots": number("SLOTS_NOTIFICATIONS", 8, least=1, most=500),
    },
    "user-actions": {
        "json_name": "userActions",
        "attempts": 5,
        "backoff": {"type": "exponential", "delay": 1000},
        "keep_completed": 20,
        "keep_failed": 10,
        "slots": number("SLOTS_USER_ACTIONS", 8, least=1, most=500),
    },
}
QUEUE_LEASE_SECONDS = number("QUEUE_LEASE_SECONDS", 15, least=3, most=600)
QUEUE_GRACE_SECONDS = number("QUEUE_GRACE_SECONDS", 20, least=0, most=3600)
QUEUE_EVENTS = boolean("QUEUE_EVENTS", default=True)
AUDIT_DAYS = number("AUDIT_DAYS", 365, least=30, most=36_500)
QUEUE_OF_OPERATIONS = env.str("QUEUE_OF_OPERATIONS", default="")
CODE_VERSION = env.str("CODE_VERSION", default="")[:50]

# So that the tasks of any app run here. Their authors know of no second attempt.
TASKS = {
    "default": {
        "BACKEND": "queues.tasks.HubBackend",
        "QUEUES": [*QUEUES],
        "OPTIONS": {"default_queue": "notifications", "attempts": 1},
    }
}

RQ = {
    "QUEUE_CLASS": "queues.transport.queue.HubQueue",
    "JOB_CLASS": "queues.transport.job.HubJob",
    "WORKER_CLASS": "queues.transport.worker.HubWorker",
    "COMMIT_MODE": "auto",
}
RQ_QUEUES = {
    name: {
        **REDIS,
        "SERIALIZER": "rq.serializers.JSONSerializer",
        "REDIS_CLIENT_KWARGS": REDIS_CLIENT_KWARGS,
    }
    for name in QUEUES
}
# django-rq lets any staff user empty a queue there, whatever the permissions say.
RQ_SHOW_ADMIN_LINK = False

# The fediverse.
TOKEN_KEYS = env.list("TOKEN_KEYS", default=[])
LOCAL_INSTANCES = local_hosts("LOCAL_INSTANCES")
REMOTE_USER_AGENT = env.str(
    "REMOTE_USER_AGENT", default="FediverseHub/0.1 (a reader for the accounts of its users)"
)

# Security. One switch: DEBUG serves plain http on a developer's machine, nothing else does.
SECURE_SSL_REDIRECT = boolean("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^health/?$"]
if boolean("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 0 if DEBUG else number("HSTS_SECONDS", 31_536_000, least=0, most=10**9)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "fediverse.problems.csrf_failure"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "rest_framework:login"
LOGIN_REDIRECT_URL = "/api/"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = ["fediverse.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

UNFOLD = {
    "SITE_TITLE": "Fediverse Hub",
    "SITE_HEADER": "Fediverse Hub",
    "SITE_SYMBOL": "hub",
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "queues.admin.dashboard",
}

LOG_FORMAT = one_of("LOG_FORMAT", ("json", "console"), default="console" if DEBUG else "json")
LOG_LEVEL = one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"structured": structured(LOG_FORMAT)},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    # Django's own handlers would print everything twice.
    "loggers": {
        **{name: {"handlers": [], "propagate": True} for name in ("django", "django.server")},
        # Each of its lines about what went well says that nothing was to be done.
        "axes": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
