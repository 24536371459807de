"""The commands of docs/security.md, run from top to bottom; secrets are replaced as it says."""

from __future__ import annotations

import os
import pty
import re
import secrets
import subprocess
import sys

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from accounts.models import ApiToken, User
from accounts.services.tokens import create_token
from tests.processes import ROOT, environment
from tests.transcripts import BLOCK, read
from tests.wait import until
from tests.web import WebProcess

PAGE = (ROOT / "docs" / "security.md").read_text()
SQL = re.compile(r"^```sql\n(.*?)^```", re.MULTILINE | re.DOTALL)
SETTINGS = {
    "SECRET_KEY": secrets.token_urlsafe(64),
    "BEHIND_TLS_PROXY": "true",
    "NUM_PROXIES": "1",
    "SECURE_SSL_REDIRECT": "false",
}
HOST = "http://127.0.0.1:3000"
OLD, BETWEEN, NEW = "the-oldest-password", "the-password-between", "the-newest-password"


def commands():
    """Return the words of each command on the page."""
    return [
        read(part.splitlines()).words
        for block in BLOCK.findall(PAGE)
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    ]


def run(words):
    """Run a command as the page's reader does; return what it prints."""
    command = [sys.executable if word.startswith("python") else word for word in words]
    env = environment(**SETTINGS)
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def type_password(words, password):
    """Run a command that asks for a password twice, at a terminal of its own."""
    child, terminal = pty.fork()
    if not child:
        os.chdir(ROOT)
        os.execve(sys.executable, [sys.executable, *words[1:]], environment(**SETTINGS))  # noqa: S606
    for _ in range(2):
        shown = ""
        while "Password" not in shown:
            shown += os.read(terminal, 1024).decode()
        os.write(terminal, f"{password}\n".encode())
    until(lambda: b"changed successfully" in os.read(terminal, 1024))
    assert os.waitpid(child, 0)[1] == 0


@pytest.fixture
def web(tmp_path, transactional_db):
    process = WebProcess(tmp_path, **SETTINGS)
    yield process
    process.end()


def token_of(user):
    return create_token(user, scopes=["queue:read"], days=1, source=ApiToken.Source.GRANTED)


def test_every_command_on_the_page_does_what_it_says(web):
    ada = User.objects.create_user("ada", password=OLD)
    here = f"http://127.0.0.1:{web.port}"
    done = []
    for words in commands():
        if "changepassword" in words:
            type_password(words, BETWEEN)
            done.append("changepassword")
        elif "DELETE" in words:
            token, text = token_of(User.objects.get())
            run([word.replace(HOST, here).replace("$OLD_TOKEN", text) for word in words])
            token.refresh_from_db()
            assert token.revoked_at
            done.append("revoked")
        elif words[0] == "curl":
            data = words[-1].replace("…", BETWEEN, 1).replace("…", NEW, 1)
            run([*(word.replace(HOST, here) for word in words[:-1]), data])
            done.append("password")
        else:
            run(words)
    assert done == ["changepassword", "password", "revoked"]
    ada.refresh_from_db()
    assert ada.check_password(NEW)


@pytest.mark.django_db(transaction=True)
def test_the_statements_of_the_page_are_sql_that_postgres_takes():
    statements = SQL.findall(PAGE)
    assert statements
    with transaction.atomic(), connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute("CREATE ROLE hub LOGIN")
        except ProgrammingError as error:
            assert "already exists" in str(error)  # noqa: PT017  (another run of the tests made it)
        for statement in statements:
            cursor.execute(statement)
        transaction.set_rollback(True)
