"""`check --deploy`: a right configuration is silent, and each mistake has an id of its own."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys

import pytest
from django.core import checks
from django.core.cache.backends.redis import RedisSerializer
from django.core.management import call_command
from rq.serializers import JSONSerializer

from accounts.models import User
from fediverse import cache_checks
from tests.processes import ROOT

CACHES = "django.core.cache.backends"
REDIS = {"HOST": "redis.internal", "PORT": 6379, "DB": 0, "PASSWORD": "pw-of-its-own"}
# What other tests set in this process, and their kinds, would be complained of by others.
OURS = {"accounts", "fediverse", "queues", "security"}
RIGHT = {
    "DEBUG": False,
    "SECRET_KEY": secrets.token_urlsafe(64),
    "SECRET_KEY_FALLBACKS": [secrets.token_hex(32)],
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "NUM_PROXIES": 1,
    "REDIS": REDIS,
    "LOCAL_INSTANCES": frozenset(),
    "OPEN_ENDPOINT": False,
    "SECURE_SSL_REDIRECT": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
}


def cache(backend, **options):
    return {"CACHES": {"default": {"BACKEND": f"{CACHES}.{backend}", "OPTIONS": options,
                                   "LOCATION": "redis://127.0.0.1:1/0"}}}  # fmt: skip


def redis(host, password=None):
    return {"REDIS": {**REDIS, "HOST": host, "PASSWORD": password}}


def found(settings, databases=None, **wrong):
    """Return the ids of what is said of a configuration that is right but for this."""
    for name, value in {**RIGHT, **wrong}.items():
        setattr(settings, name, value)
    said = checks.run_checks(include_deployment_checks=True, databases=databases)
    return [one.id for one in said if one.id.partition(".")[0] in OURS]


def test_a_right_configuration_is_silent(settings):
    assert found(settings) == []


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"DEBUG": True}, ["security.W018"]),
        (cache("redis.RedisCache"), ["fediverse.E006"]),
        (cache("redis.RedisCache", serializer=RedisSerializer), ["fediverse.E006"]),
        (
            cache("redis.RedisCache", serializer=f"{CACHES}.redis.RedisSerializer"),
            ["fediverse.E006"],
        ),
        (cache("redis.RedisCache", serializer=JSONSerializer), []),
        (cache("redis.RedisCache", serializer="rq.serializers.JSONSerializer"), []),
        (cache("redis.RedisCache", serializer=JSONSerializer()), []),
        (cache("db.DatabaseCache"), ["fediverse.E006"]),
        (cache("dummy.DummyCache"), []),
        (redis("redis.internal"), ["fediverse.E007"]),
        (redis("redis.internal", ""), ["fediverse.E007"]),
        (redis("10.0.0.7"), ["fediverse.E007"]),
        (redis("0.0.0.0"), ["fediverse.E007"]),  # noqa: S104  (an example)
        (redis("127.0.0.1", "password"), ["fediverse.E007"]),
        (redis("redis.internal", "Redis"), ["fediverse.E007"]),
        (redis("127.0.0.1"), ["fediverse.W001"]),
        (redis("127.8.0.1"), ["fediverse.W001"]),
        (redis("::1"), ["fediverse.W001"]),
        (redis("localhost"), ["fediverse.W001"]),
        ({"SECRET_KEY": secrets.token_urlsafe(30)}, ["fediverse.E008", "security.W009"]),
        ({"SECRET_KEY": "123456789" * 8}, ["fediverse.E008"]),
        ({"SECRET_KEY": "kd93jfa0sl2mXq7w" * 4}, ["fediverse.E008"]),
        ({"SECRET_KEY": secrets.token_urlsafe(64) + "-Change-Me"}, ["fediverse.E008"]),
        ({"SECRET_KEY": "tests"}, ["fediverse.E008", "security.W009"]),
        ({"SECRET_KEY": "build"}, ["fediverse.E008", "security.W009"]),
        ({"SECRET_KEY_FALLBACKS": ["ab"]}, ["fediverse.E008", "security.W025"]),
        ({"SECURE_PROXY_SSL_HEADER": None, "NUM_PROXIES": 0}, ["fediverse.W002"]),
        ({"SECURE_PROXY_SSL_HEADER": None}, ["fediverse.W003"]),
        ({"NUM_PROXIES": 0}, ["accounts.W001"]),
        ({"LOCAL_INSTANCES": frozenset({("127.0.0.1", 1)})}, ["fediverse.W004"]),
        ({"OPEN_ENDPOINT": True}, ["fediverse.I001"]),
    ],
)
def test_each_mistake_has_its_id(settings, wrong, expected):
    assert sorted(found(settings, **wrong)) == expected


@pytest.mark.parametrize(
    "backend",
    [
        f"{CACHES}.filebased.FileBasedCache",
        f"{CACHES}.memcached.PyMemcacheCache",
        f"{CACHES}.memcached.PyLibMCCache",
        "tests.security.test_deploy_checks.Strange",
    ],
)
def test_every_other_cache_is_reported(settings, backend):
    settings.CACHES = {"other": {"BACKEND": backend, "LOCATION": "/somewhere"}}
    assert [one.id for one in cache_checks.caches()] == ["fediverse.E006"]


class Strange:
    """A cache of which nobody knows how it reads."""


def test_no_secret_is_shown(settings):
    settings.SECRET_KEY = "short-and-sweet-canary"
    said = checks.run_checks(include_deployment_checks=True)
    assert "canary" not in str(said)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["admin", "Root", "test"])
def test_a_superuser_with_a_name_that_is_tried_first_is_a_warning(settings, name):
    User.objects.create_user("administrator")
    User.objects.create_superuser("ada")
    assert found(settings, ["default"]) == []
    user = User.objects.create_superuser(name)
    assert found(settings, ["default"]) == ["fediverse.W005"]
    assert found(settings) == []
    user.is_active = False
    user.save()
    assert found(settings, ["default"]) == []


@pytest.mark.django_db
def test_the_command_asks_the_database_if_told_to(settings, capsys):
    User.objects.create_superuser("admin")
    for setting, value in RIGHT.items():
        setattr(settings, setting, value)
    call_command("check", deploy=True, databases=["default"], fail_level="CRITICAL")
    assert "fediverse.W005" in capsys.readouterr().err


def test_the_command_fails_for_a_redis_that_anybody_may_write_to():
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    env = {
        **kept,
        "SECRET_KEY": RIGHT["SECRET_KEY"],
        "ALLOWED_HOSTS": "hub.example.org",
        "TOKEN_KEYS": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE_URL": "postgres://hub:pw@db.internal/hub",
        "REDIS_URL": "redis://redis.internal:6379/0",
        "BEHIND_TLS_PROXY": "true",
        "NUM_PROXIES": "1",
    }
    command = [sys.executable, "manage.py", "check", "--deploy"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "fediverse.E007" in done.stderr
    env["REDIS_URL"] = "redis://:of-its-own@redis.internal:6379/0"
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
