from __future__ import annotations

import pytest
from rest_framework.test import APIClient

URL = "/api/auth/token"


@pytest.fixture
def api():
    return APIClient()


@pytest.fixture
def sign_in(api, user):
    """Sign in by name and password, valid but for what is said otherwise."""

    def post(*, headers=None, address="192.0.2.1", **values):
        body = {"username": "ada", "password": "pw", **values}
        return api.post(URL, body, headers=headers, REMOTE_ADDR=address)

    return post


@pytest.fixture
def as_token(api):
    """Call with a token, or whatever the header may say."""

    def call(text, method="get", scheme="Bearer", url=URL):
        return getattr(api, method)(url, HTTP_AUTHORIZATION=f"{scheme} {text}")

    return call
