"""docker-compose.yml, .env.example and the settings fit each other."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import subprocess
import sys

import pytest

from fediverse import env
from tests.compose import SAMPLES, SERVICES, VARIABLE, composed, example
from tests.processes import ROOT

OURS = ("web", "worker", "migrate")
NAME = re.compile(r"[A-Z][A-Z_]{3,}")
HELPERS = {"read", "boolean", "one_of", "number", "required", "database", "redis", "local_hosts"}
COMPOSE_ONLY = {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}
# Read, but not for an operator to set.
NOT_OURS = {
    "DJANGO_SETTINGS_MODULE",  # Django's own, which manage.py and the WSGI entry point set
    "DEMO_TOKEN",  # from `dev.py demo` to its command
}
# Set by docker-compose.yml whatever .env says.
FIXED = {
    "DATABASE_URL",  # made of POSTGRES_PASSWORD
    "REDIS_URL",  # made of REDIS_PASSWORD
    "DEBUG",  # never in what is deployed
    "BEHIND_TLS_PROXY",  # there is a proxy, and no other way in
    "NUM_PROXIES",  # that one
}
SHOW = """
import json, re
from fediverse import settings
said = {name: repr(one) for name, one in vars(settings).items() if name.isupper()}
print(json.dumps({name: re.sub(" at 0x[0-9a-f]+", "", text) for name, text in said.items()}))
"""


def sources():
    yield ROOT / "gunicorn.conf.py"
    for package in ("accounts", "fediverse", "queues"):
        yield from (ROOT / package).rglob("*.py")


def reads(call):
    """Whether a call reads an environment variable: by fediverse.env, or by os.environ."""
    function = call.func
    if isinstance(function, ast.Name):
        return function.id in HELPERS
    text = ast.unparse(function)
    return text.startswith(("env.", "os.environ.", "os.getenv"))


def variables_read():
    found = set()
    for source in sources():
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and reads(node):
                words = [one.value for one in node.args if isinstance(one, ast.Constant)]
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                words = [getattr(node.slice, "value", None)]
            else:
                continue
            found |= {one for one in words[:1] if isinstance(one, str) and NAME.fullmatch(one)}
    return found - NOT_OURS


def settings_with(variables):
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    command = [sys.executable, "-c", SHOW]
    done = subprocess.run(
        command, cwd=ROOT, env={**kept, **variables}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_all_helpers_that_read_variables_are_known_here():
    functions = inspect.getmembers(env, inspect.isfunction)
    own = {name for name, function in functions if function.__module__ == env.__name__}
    assert own - {"complain"} == HELPERS


def test_every_variable_that_is_read_is_documented_and_the_other_way_round():
    assert variables_read() == set(example()) - COMPOSE_ONLY


def test_every_documented_default_is_the_default():
    required = {key: value for key, value in composed("web").items() if key in {*SAMPLES, *FIXED}}
    optional = {key: value for key, value in example().items() if key not in {*SAMPLES, *FIXED}}
    assert settings_with(required) == settings_with({**optional, **required})


@pytest.mark.parametrize("service", OURS)
def test_every_documented_variable_reaches_every_service_of_ours(service):
    probe = dict.fromkeys(example(), "probe")
    seen = composed(service, **probe)
    assert {name for name in probe if seen.get(name) != "probe"} == FIXED
    assert SERVICES[service]["env_file"] == ".env"


def test_compose_uses_documented_variables_only():
    used = {name for name, _ in VARIABLE.findall((ROOT / "docker-compose.yml").read_text())}
    assert used <= set(example())
    for service in OURS:
        assert set(SERVICES[service]["environment"]) == FIXED | (set(SAMPLES) - COMPOSE_ONLY)


def test_an_open_endpoint_that_is_switched_off_is_off_in_the_container():
    assert settings_with(composed("web"))["OPEN_ENDPOINT"] == "True"
    assert settings_with(composed("web", OPEN_ENDPOINT="false"))["OPEN_ENDPOINT"] == "False"


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_may_do_more_than_it_must(service):
    one = SERVICES[service]
    assert one["cap_drop"] == ["ALL"]
    assert not {"cap_add", "privileged", "network_mode", "pid"} & set(one)
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["read_only"] is True
    assert one["mem_limit"]
    assert one["pids_limit"]


def test_no_service_runs_as_root():
    users = {name: one.get("user") for name, one in SERVICES.items() if name not in OURS}
    assert users == {"proxy": "nginx", "postgres": "postgres", "redis": "valkey"}
    assert "\nUSER hub\n" in (ROOT / "Dockerfile").read_text()


def test_the_proxy_is_the_only_way_in():
    assert [name for name, one in SERVICES.items() if "ports" in one] == ["proxy"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["proxy"]["ports"])
    config = (ROOT / "deploy" / "nginx.conf").read_text()
    assert "http://web:3000;" in config
    assert "listen 8080 " in config
    seen = composed("web")
    assert (seen["NUM_PROXIES"], seen["BEHIND_TLS_PROXY"]) == ("1", "true")


def test_bodies_from_anybody_do_not_fill_the_memory_of_the_proxy():
    (mount,) = SERVICES["proxy"]["tmpfs"]
    path, _, size = mount.partition(":size=")
    assert path == "/tmp"  # noqa: S108  (where nginx.conf keeps bodies and answers)
    assert int(size.removesuffix("m")) * 2 <= int(SERVICES["proxy"]["mem_limit"].removesuffix("m"))


def test_postgres_is_not_healthy_before_it_listens_to_the_others():
    assert "--host=127.0.0.1" in SERVICES["postgres"]["healthcheck"]["test"]


def test_the_image_has_room_for_the_threads_of_the_web():
    gunicorn = {}
    exec((ROOT / "gunicorn.conf.py").read_text(), gunicorn)  # noqa: S102  (our own file)
    needed = int(example()["WEB_CONCURRENCY"]) * gunicorn["threads"]
    assert needed < SERVICES["web"]["pids_limit"]
