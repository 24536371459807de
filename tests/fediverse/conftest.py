from __future__ import annotations

import socket

import pytest

from tests.servers import SampleMastodon, ScriptedInstance

POSTS_ON_SAMPLE = 45


@pytest.fixture(scope="session")
def sample_mastodon(tmp_path_factory):
    """A sample Mastodon whose owner wrote more than a page of posts."""
    server = SampleMastodon(tmp_path_factory.mktemp("mock") / "log")
    for number in range(POSTS_ON_SAMPLE):
        server.call("/api/v1/statuses", status=f"post {number}")
    yield server
    server.end()


@pytest.fixture(scope="session")
def lively_mastodon(tmp_path_factory):
    """A sample Mastodon whose posts tests may act on."""
    server = SampleMastodon(tmp_path_factory.mktemp("lively") / "log")
    yield server
    server.end()


@pytest.fixture
def scripted():
    """An instance that says what it is told to say."""
    server = ScriptedInstance()
    yield server
    server.end()


@pytest.fixture
def silent_server():
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
