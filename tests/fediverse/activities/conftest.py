from __future__ import annotations

import pytest

from accounts.models import User
from accounts.services.linking import link_account
from fediverse.activities import remote
from queues.context import Context
from tests.servers import TOKEN


@pytest.fixture
def sample(sample_mastodon):
    return sample_mastodon


@pytest.fixture
def reachable(settings):
    """Let the adapters speak to a server on the loopback."""

    def forget():
        remote.adapter.cache_clear()
        remote.http_client.cache_clear()

    def allow(server):
        settings.LOCAL_INSTANCES = frozenset({("127.0.0.1", server.port)})
        forget()

    yield allow
    forget()


@pytest.fixture
def link(reachable):
    """Link a new user's account on a server of the test's."""

    def make(server, username="ada", token=TOKEN):
        reachable(server)
        user, _ = User.objects.get_or_create(username=username)
        return link_account(
            user,
            platform="mastodon",
            base_url=server.base_url,
            handle=username,
            access_token=token,
        )

    return make


@pytest.fixture
def attempt():
    return Context(job_id=8, queue="content-aggregation", attempt=1, max_attempts=3, token=1)
