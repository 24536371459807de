"""The project's settings as tests run them. Servers come from DATABASE_URL and REDIS_URL."""

from __future__ import annotations

import base64
import hashlib
import os

os.environ.setdefault("SECRET_KEY", "tests")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,127.0.0.1,localhost")
os.environ.setdefault(
    "TOKEN_KEYS", "test:" + base64.b64encode(hashlib.sha256(b"tests").digest()).decode()
)
os.environ.setdefault("LOG_FORMAT", "json")

from fediverse.settings import *  # noqa: F403
from fediverse.settings import INSTALLED_APPS, REDIS, RQ_QUEUES, STORAGES

# Tests that run side by side have databases of their own, in Redis too.
_number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
if _number:
    REDIS = {**REDIS, "DB": REDIS["DB"] + _number}
    RQ_QUEUES = {name: {**conf, **REDIS} for name, conf in RQ_QUEUES.items()}

INSTALLED_APPS = [*INSTALLED_APPS, "tests.apps.TestsConfig"]
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
