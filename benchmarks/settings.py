"""The project's settings, with the kinds of jobs that are measured."""

from __future__ import annotations

import os

# Nobody reads a line per job here, nor do the peers write one.
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ.setdefault("SECRET_KEY", "benchmarks")
os.environ.setdefault("ALLOWED_HOSTS", "127.0.0.1")

from fediverse.settings import *  # noqa: F403
from fediverse.settings import INSTALLED_APPS, STORAGES

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.apps.BenchmarksConfig"]
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = False
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
