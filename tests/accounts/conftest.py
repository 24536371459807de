from __future__ import annotations

import pytest
from django.db import connection

from accounts.models import ApiToken, User
from accounts.services.linking import link_account
from accounts.services.tokens import create_token


@pytest.fixture
def user(db):
    return User.objects.create_user("ada", password="pw")


@pytest.fixture
def link(user):
    """Link an account, valid but for what is said otherwise."""

    def make(**values):
        defaults = {
            "platform": "mastodon",
            "base_url": "https://social.example",
            "handle": "ada",
            "access_token": "cnry_token",
        }
        return link_account(values.pop("user", user), **{**defaults, **values})

    return make


@pytest.fixture
def make_token(user):
    """Make an API token, valid but for what is said otherwise; return it and its text."""

    def make(**values):
        defaults = {"scopes": ["queue:read"], "days": 1, "source": ApiToken.Source.SIGN_IN}
        return create_token(values.pop("user", user), **{**defaults, **values})

    return make


@pytest.fixture
def everything_stored():
    """Return all rows of all tables, as text."""

    def read():
        with connection.cursor() as cursor:
            tables = connection.introspection.table_names(cursor)
            rows = []
            for table in tables:
                cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608  (their own names)
                rows += [row for (row,) in cursor.fetchall()]
        return "\n".join(rows)

    return read
