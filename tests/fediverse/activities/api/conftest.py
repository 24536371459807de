from __future__ import annotations

from types import SimpleNamespace

import pytest
from rest_framework.test import APIClient


@pytest.fixture
def ada(django_user_model):
    return django_user_model.objects.create_user("ada")


@pytest.fixture
def eve(django_user_model):
    return django_user_model.objects.create_user("eve")


@pytest.fixture
def signed_in():
    """Return a client that speaks for a user, with a token's scopes if any are named."""

    def make(user, *scopes):
        client = APIClient()
        token = SimpleNamespace(scopes=frozenset(scopes)) if scopes else None
        client.force_authenticate(user, token=token)
        return client

    return make


@pytest.fixture
def as_ada(signed_in, ada):
    return signed_in(ada)
