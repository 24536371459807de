"""Wrong variables are named by the checks, and nothing is a traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.processes import ROOT, environment


def check(**variables):
    return subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment(**variables),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("SECURE_SSL_REDIRECT", "x"),
        ("BEHIND_TLS_PROXY", "2"),
        ("LOG_LEVEL", "10"),
        ("LOG_FORMAT", "x"),
        ("LOCAL_INSTANCES", "a:\u00b2"),
        ("LOCAL_INSTANCES", "a:99999"),
        ("QUEUE_LEASE_SECONDS", "x"),
    ],
)
def test_a_wrong_value_is_named_with_an_id_and_a_hint(name, value):
    done = check(**{name: value})
    assert done.returncode == 1
    assert f"(fediverse.E001) {name} " in done.stderr
    assert "HINT:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.django_db
def test_empty_values_and_other_cases_are_fine():
    done = check(LOG_LEVEL="debug", SECURE_SSL_REDIRECT="", DEBUG="", LOG_FORMAT="JSON")
    assert done.returncode == 0, done.stderr
