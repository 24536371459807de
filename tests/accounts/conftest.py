from __future__ import annotations

import pytest

from accounts.models import User
from accounts.services.linking import link_account


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
