"""The counts of the queues, as clients of the old service read them."""

from __future__ import annotations

import re
import time

import pytest

from queues import queue_control
from queues.states import State
from tests.counting import answering
from tests.operating import jobs_in
from tests.queues.api.callers import anonymous, operator, plain, with_scopes

pytestmark = pytest.mark.django_db(transaction=True)
STATS = "/api/queue/stats"
STATES = [
    "waiting", "delayed", "waitingChildren", "active", "completed", "failed", "cancelled",
]  # fmt: skip
QUEUES = ["contentAggregation", "notifications", "userActions"]


def stats(client=None, **headers):
    return (client or plain()).get(STATS, headers=headers)


def test_an_idle_hub_answers_exactly_this():
    response = stats()
    body = response.json()
    stamp = body["data"].pop("timestamp")
    assert response.status_code == 200
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    nothing = {**dict.fromkeys(STATES, 0), "paused": False}
    assert body == {
        "success": True,
        "data": {"queues": dict.fromkeys(QUEUES, nothing), "isConnected": True},
    }


def test_each_state_is_counted_by_its_name():
    jobs_in(*State, State.WAITING)
    found = stats().json()["data"]["queues"]["contentAggregation"]
    assert found == {**dict.fromkeys(STATES, 1), "waiting": 2, "paused": False}
    assert all(type(found[state]) is int for state in STATES)


def test_a_queue_that_is_paused_says_so():
    queue_control.pause("user-actions")
    queues = stats().json()["data"]["queues"]
    assert {name: one["paused"] for name, one in queues.items()} == {
        "contentAggregation": False, "notifications": False, "userActions": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("caller", "status", "code"),
    [
        (anonymous, 401, "not_authenticated"),
        (lambda: with_scopes("queue:write"), 403, "missing_scope"),
        (lambda: with_scopes("queue:read"), 200, None),
        (plain, 200, None),
        (operator, 200, None),
    ],
)
def test_who_may_read_sees_them(caller, status, code):
    response = stats(caller())
    # Without a token there is nothing to challenge with, so DRF says 403 until there are tokens.
    assert response.status_code in {status, 403 if status == 401 else status}
    assert response.json().get("code") == code


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_without_redis_it_answers_in_time_and_says_so(own_redis, fault):
    client = plain()
    assert stats(client).json()["data"]["isConnected"] is True
    getattr(own_redis, fault)()
    started = time.monotonic()
    response = stats(client)
    assert time.monotonic() - started < 1
    assert response.status_code == 200
    assert response.json()["data"]["isConnected"] is False


def test_what_has_not_changed_is_not_sent_again():
    client = plain()
    first = stats(client)
    again = stats(client, if_none_match=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    for header in (f'"x", {first["ETag"]}', first["ETag"].removeprefix("W/"), "*"):
        assert stats(client, if_none_match=header).status_code == 304


@pytest.mark.parametrize(
    "change", [lambda: jobs_in(State.WAITING), lambda: queue_control.pause("notifications")]
)
def test_what_has_changed_is_sent_under_another_tag(change):
    client = plain()
    first = stats(client)
    change()
    again = stats(client, if_none_match=first["ETag"])
    assert again.status_code == 200
    assert again["ETag"] != first["ETag"]


@pytest.mark.parametrize("header", ["", "garbage", '"', 'W/"', '"' + "a" * 5000 + '"'])
def test_a_tag_that_is_none_changes_nothing(header):
    assert stats(if_none_match=header).status_code == 200


def test_a_page_and_a_document_have_tags_of_their_own():
    client = plain()
    page = stats(client, accept="text/html")
    assert page["ETag"] != stats(client)["ETag"]
    assert "Accept" in page["Vary"]


def test_however_many_jobs_there_are_it_takes_two_queries():
    jobs_in(*[State.WAITING] * 30)
    client = plain()
    with answering() as queries:
        stats(client)
    assert len(queries) == 2
