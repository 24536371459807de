from __future__ import annotations

import pytest

from fediverse.platforms.http import HttpClient, HttpPolicy
from tests.fediverse.platforms.raw import RawServer


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
