from __future__ import annotations

import pytest

from fediverse.platforms.http import HttpClient, HttpPolicy
from tests.fediverse.platforms.raw import RawServer
from tests.servers import SampleMastodon, ScriptedInstance


@pytest.fixture(scope="session")
def sample_mastodon(tmp_path_factory):
    server = SampleMastodon(tmp_path_factory.mktemp("mock") / "log")
    for number in range(45):
        server.call("/api/v1/statuses", status=f"post {number}")
    yield server
    server.end()


@pytest.fixture
def scripted():
    server = ScriptedInstance()
    yield server
    server.end()


@pytest.fixture
def raw_server():
    """Start servers that answer with given bytes; they end with the test."""
    started = []

    def start(*arguments):
        started.append(RawServer(*arguments))
        return started[-1]

    yield start
    for server in started:
        server.end()


@pytest.fixture
def client_for():
    """Return a guarded client that may speak to a server on the loopback."""

    def make(server, **policy):
        local = frozenset({("127.0.0.1", server.port)})
        return HttpClient(HttpPolicy(local=local, **policy))

    return make
