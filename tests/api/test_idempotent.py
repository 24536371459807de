"""The document says which requests are carried out once for a key, and those are."""

from __future__ import annotations

import json

import pytest

from fediverse.openapi import is_idempotent
from tests.api.matrix import MATRIX
from tests.api.world import JSON, World, undone

pytestmark = pytest.mark.django_db
POSTS = [
    route
    for route, methods in MATRIX.items()
    if "POST" in methods and not route.startswith("rest_framework")
]


@pytest.mark.parametrize("route", POSTS)
def test_a_request_is_carried_out_once_for_a_key_where_the_document_says_so(route):
    world = World()
    staff = next(caller for caller in world.callers() if caller.name == "staff")
    body = json.dumps(world.body(route, "POST", staff) or {})
    with undone():
        answers = [
            staff.client().generic(
                "POST", world.path(route), body, content_type=JSON,
                headers={"idempotency-key": "one"},
            )
            for _ in range(2)
        ]  # fmt: skip
    is_done = answers[0].status_code < 300
    takes_key = is_idempotent(world.path(route), "post")
    replayed = answers[1].headers.get("Idempotency-Replayed")
    assert replayed == ("true" if is_done and takes_key else None)
    if replayed:
        assert answers[0].json() == answers[1].json()
