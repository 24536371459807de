"""The transcripts of docs/api.md, run from top to bottom against a real server."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from accounts.models import ApiToken, User
from accounts.scopes import HUB_READ, HUB_WRITE
from accounts.services.tokens import create_token
from queues.permissions import MANAGE, READ, WRITE
from tests.processes import ROOT
from tests.transcripts import compare, document, ids_of, is_like, steps

PAGE = ROOT / "docs" / "api.md"
HOST = "http://127.0.0.1:3000"
CURL = shutil.which("curl")


class Replay:
    """Runs the commands of a page. An id that the page shows is replaced by the real one."""

    def __init__(self, url, token):
        self.url, self.token = url, token
        self.ids: dict[str, str] = {}

    def run(self, step):
        """Run a command, and compare what it prints with what the page says."""
        command = [self.said(word) for word in step.words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, (command, done.stderr)
        shown, real = step.output, done.stdout.replace(self.url, HOST)
        if shown.startswith("HTTP/"):
            shown_head, _, shown = shown.partition("\n\n")
            real_head, _, real = real.partition("\n\n")
            compare_heads(shown_head, real_head)
        if shown.strip() or real.strip():
            shown, real = document(shown), document(real)
            compare(shown, real, " ".join(command))
            self.ids.update(ids_of(shown, real))

    def said(self, word):
        """Return a word of a command with the real server, token and ids in it."""
        word = word.replace(HOST, self.url).replace("$TOKEN", self.token)
        if not word.startswith(self.url):
            return word
        return re.sub(r"(?<=/)[0-9a-f]+(?=[/?]|$)", lambda it: self.ids.get(it[0], it[0]), word)


def compare_heads(shown, real):
    """The status is the same, and the headers that the page shows are there; others may be too."""
    shown_lines, real_lines = shown.splitlines(), real.splitlines()
    assert shown_lines[0].split()[1:] == real_lines[0].split()[1:]
    headers = dict(parted(line) for line in real_lines[1:])
    for name, value in (parted(line) for line in shown_lines[1:] if line != "…"):
        assert is_like(value, headers.get(name, "")), (name, headers)


def parted(line):
    name, _, value = line.partition(":")
    return name.lower(), value.strip()


@pytest.mark.skipif(CURL is None, reason="there is no curl on this machine")
@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_every_transcript_on_the_page_is_what_happens(live_server):
    User.objects.create_user("ada", password="an-adas-secret")
    admin = User.objects.create_superuser("admin")
    _, token = create_token(
        admin,
        scopes=(READ, WRITE, MANAGE, HUB_READ, HUB_WRITE),
        days=1,
        source=ApiToken.Source.GRANTED,
    )
    replay, found = Replay(live_server.url, token), steps(PAGE.read_text())
    assert len(found) > 20
    for step in found:
        replay.run(step)


GOOD = [
    ('{"a": 1}', '{"a": 2}'),
    ('{"a": "job 8 at 2026-01-01T00:00:00Z"}', '{"a": "job 12 at 2027-02-02T01:01:01.5Z"}'),
    ('{"a": …}', '{"a": {"b": 1}}'),
    ('{"a": 1, …}', '{"a": 1, "b": 2}'),
    ("{…}", '{"b": 2}'),
    ('["a", …]', '["a", "b", "c"]'),
    ("[…]", "[]"),
    ('{"id": "0d6e2f8a4c1b4e0fa1c2d3e4f5a6b7c8"}', '{"id": "ad6e2f8a4c1b4e0fa1c2d3e4f5a6b7ff"}'),
    ('{"a": "…", "b": [{"c": "x…"}]}', '{"a": null, "b": [{"c": "x…"}]}'),
]
BAD = [
    ('{"a": 1}', '{"a": "1"}'),
    ('{"a": 1}', '{"a": true}'),
    ('{"a": 1}', '{"a": 1, "b": 2}'),
    ('{"a": 1, …}', '{"b": 2}'),
    ('{"a": "x"}', '{"a": "y"}'),
    ('{"a": null}', '{"a": 0}'),
    ('{"a": false}', '{"a": true}'),
    ('["a"]', '["a", "b"]'),
    ('["a", "b", …]', '["a"]'),
    ('{"a": {"b": 1}}', '{"a": [1]}'),
]


@pytest.mark.parametrize(("shown", "real"), GOOD)
def test_what_differs_from_run_to_run_may_differ(shown, real):
    compare(document(shown), document(real))


@pytest.mark.parametrize(("shown", "real"), BAD)
def test_what_is_told_wrongly_is_noticed(shown, real):
    with pytest.raises(AssertionError):
        compare(document(shown), document(real))


def test_commands_are_read_with_their_lines_and_without_their_pipes():
    page = "```console\n$ curl -s \\\n    'a\nb' | jq .\n{}\n$ ls\n$ curl c\n```\n"
    assert steps(page) == [(["curl", "-s", "a\nb"], "{}"), (["curl", "c"], "")]
