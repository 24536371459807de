"""`manage.py migrate` itself, which runs the checks of the database before any table exists."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import quote

import pytest
from django.db import connection

from tests.processes import ROOT, environment


@pytest.fixture
def empty_database(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS test_empty WITH (FORCE)")
        cursor.execute("CREATE DATABASE test_empty")
    base = connection.settings_dict
    password = quote(base["PASSWORD"] or "")
    yield f"postgres://{base['USER']}:{password}@{base['HOST']}:{base['PORT']}/test_empty"
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE test_empty WITH (FORCE)")


def test_an_empty_database_is_migrated_forth_and_back(empty_database):
    variables = environment(DATABASE_URL=empty_database)
    for arguments in (["--noinput"], ["queues", "zero"], ["--noinput"]):
        command = [sys.executable, "manage.py", "migrate", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
