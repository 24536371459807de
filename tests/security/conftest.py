"""What attacks need: a server as it is deployed, and what other tests have already."""

from __future__ import annotations

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations

from accounts.models import ApiToken
from accounts.services.tokens import create_token
from tests.fediverse.activities.conftest import link, reachable
from tests.fediverse.conftest import lively_mastodon, scripted
from tests.flushing import sql_flush
from tests.security.browsing import Browser
from tests.web import WebProcess

__all__ = ["browse", "link", "lively_mastodon", "reachable", "scripted", "web"]

# A server remembers their ids.
KEPT = {"django_content_type", "auth_permission"}


def flush_what_is_made(self, style, tables, **options):
    return sql_flush(self, style, [name for name in tables if name not in KEPT], **options)


@pytest.fixture(scope="module")
def web(tmp_path_factory, django_db_setup, django_db_blocker):
    """A server as it is deployed, for the tests of a module; it sees their database."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setattr(DatabaseOperations, "sql_flush", flush_what_is_made)
        server = WebProcess(tmp_path_factory.mktemp("web"), DEBUG="false")
        yield server
        server.end()


@pytest.fixture
def browse(web, transactional_db):
    """Return somebody's browser."""

    def start(user=None):
        return Browser(web, user)

    return start


@pytest.fixture
def bearer(transactional_db, django_user_model):
    """The header of somebody who may read the queues."""
    user = django_user_model.objects.create_superuser("operator", password="a-secret")
    _, text = create_token(user, scopes=["queue:read"], days=1, source=ApiToken.Source.GRANTED)
    return {"Authorization": f"Bearer {text}"}
