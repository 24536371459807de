"""Limits of keys, over HTTP."""

from __future__ import annotations

import pytest

from queues import limits
from queues.models import AuditEntry, Job, Limit, LimitKey
from queues.rate import Rate
from queues.states import State
from tests.counting import answering
from tests.operating import jobs_in
from tests.queues.api.callers import (
    anonymous,
    field_errors,
    operator,
    plain,
    untouched,
    with_scopes,
)

pytestmark = pytest.mark.django_db(transaction=True)
LIMITS = "/api/queue/limits"


def data(response):
    assert response.status_code == 200, response.content
    return response.json()["data"]


def test_limits_are_listed_with_the_keys_in_use():
    limits.set_limit("a*", concurrency=2)
    limits.set_limit("b", rate=Rate(count=30, per=1.5))
    (running, *_) = ids = jobs_in(State.ACTIVE, State.WAITING, State.WAITING)
    Job.objects.filter(pk__in=ids).update(limit_key="a1")
    body = operator().get(LIMITS).json()
    for one in body["data"]["limits"]:
        assert one.pop("updatedAt").endswith("Z")
    assert body == {
        "success": True,
        "data": {
            "limits": [
                {"key": "a*", "concurrency": 2, "rateLimit": None},
                {"key": "b", "concurrency": None, "rateLimit": {"max": 30, "duration": 1500}},
            ],
            "keysInUse": [
                {
                    "key": "a1", "limit": "a*", "running": 1, "holders": [str(running)],
                    "waiting": 2, "opensAt": None,
                },
            ],
        },
        "next": None,
        "previous": None,
    }  # fmt: skip


def test_the_limits_go_by_pages():
    for number in range(30):
        limits.set_limit(f"k{number:02}", concurrency=1)
    client = operator()
    first = client.get(LIMITS).json()
    second = client.get(first["next"]).json()
    found = [one["key"] for page in (first, second) for one in page["data"]["limits"]]
    assert found == [f"k{number:02}" for number in range(30)]
    assert len(first["data"]["limits"]) == 25


def test_there_are_as_many_queries_for_many():
    for number in range(20):
        limits.set_limit(f"k{number:02}", concurrency=1)
    client = operator()
    with answering() as queries:
        client.get(LIMITS)
    assert len(queries) <= 2


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"concurrency": 3}, {"concurrency": 3, "rateLimit": None}),
        (
            {"rateLimit": {"max": 5, "duration": 100}},
            {"concurrency": None, "rateLimit": {"max": 5, "duration": 100}},
        ),
        (
            {"concurrency": 1, "rateLimit": {"max": 5, "duration": 60_000}},
            {"concurrency": 1, "rateLimit": {"max": 5, "duration": 60_000}},
        ),
        ({"concurrency": 1, "rateLimit": None}, {"concurrency": 1, "rateLimit": None}),
    ],
)
@pytest.mark.parametrize("key", ["a", "a*", "*", "a/b", "ä ö", "a" * 200])
def test_a_limit_is_set_and_replaced_and_removed(key, body, shown):
    client = operator()
    limits.set_limit(key, concurrency=9, rate=Rate(count=9, per=9))
    found = data(client.post(LIMITS, {"key": key, **body, "reason": "they asked"}))
    assert found.pop("updatedAt").endswith("Z")
    assert found == {"key": key, **shown}
    entry = AuditEntry.objects.filter(verb="set-limit").first()
    assert (entry.actor, entry.door, entry.reason) == ("op", "API", "they asked")
    assert data(client.post(f"{LIMITS}/remove", {"key": key}))["key"] == key
    assert not Limit.objects.exists()


def test_a_key_is_closed_and_opened():
    client = operator()
    closed = data(client.post(f"{LIMITS}/close", {"key": "a", "duration": 1500}))
    assert closed["key"] == "a"
    assert closed["opensAt"].endswith("Z")
    row = LimitKey.objects.get()
    assert client.get(LIMITS).json()["data"]["keysInUse"][0]["opensAt"] == closed["opensAt"]
    assert row.closed_until.isoformat().replace("+00:00", "Z") == closed["opensAt"]
    assert data(client.post(f"{LIMITS}/open", {"key": "a"})) == {"key": "a", "opensAt": None}
    assert client.post(f"{LIMITS}/open", {"key": "a"}).status_code == 409


def test_what_is_not_limited_is_not_there_to_be_removed():
    response = operator().post(f"{LIMITS}/remove", {"key": "a"})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("verb", "body", "fields"),
    [
        ("", {}, {"key"}),
        ("", {"key": "a"}, {"concurrency"}),
        ("", {"key": "a", "concurrency": None}, {"concurrency"}),
        ("", {"key": "a", "concurrency": 0}, {"concurrency"}),
        ("", {"key": "a", "concurrency": 1_000_001}, {"concurrency"}),
        ("", {"key": "a", "concurrency": "1"}, {"concurrency"}),
        ("", {"key": "a", "rateLimit": "5/60"}, {"rateLimit"}),
        ("", {"key": "a", "rateLimit": {"max": 1}}, {"rateLimit.duration"}),
        ("", {"key": "", "concurrency": 1}, {"key"}),
        ("", {"key": " a", "concurrency": 1}, {"key"}),
        ("", {"key": "a\nb", "concurrency": 1}, {"key"}),
        ("", {"key": "a" * 201, "concurrency": 1}, {"key"}),
        ("", {"key": 5, "concurrency": 1}, {"key"}),
        ("", {"key": "a", "concurrency": 1, "rate": 5}, {"rate"}),
        ("/remove", {}, {"key"}),
        ("/remove", {"key": " "}, {"key"}),
        ("/close", {"key": "a"}, {"duration"}),
        ("/close", {"key": "a", "duration": 0}, {"duration"}),
        ("/close", {"key": "a", "duration": 2**40}, {"duration"}),
        ("/close", {"key": "a", "duration": 1.5}, {"duration"}),
        ("/close", {"key": "a*", "duration": 5}, {"key"}),
        ("/open", {"key": "a*"}, {"key"}),
        ("/open", {"key": None}, {"key"}),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_set(verb, body, fields):
    assert field_errors(operator().post(f"{LIMITS}{verb}", body)) == fields
    assert not Limit.objects.exists()
    assert not LimitKey.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("verb", ["", "/close", "/remove", "/open"])
def test_the_forms_can_be_sent_as_they_stand(verb):
    if verb == "/remove":
        limits.set_limit("example.org", concurrency=1)
    if verb == "/open":
        limits.close_key("example.org", 60)
    assert data(untouched(operator(), f"{LIMITS}{verb}"))["key"] == "example.org"


def test_a_field_of_a_form_that_is_blank_is_left_out():
    blank = {"key": "a", "concurrency": "", "rateLimit": '{"max": 1, "duration": 100}'}
    found = data(operator().post(LIMITS, blank, format="multipart"))
    assert found["concurrency"] is None
    blank = {"key": "a", "concurrency": "3", "rateLimit": "", "reason": ""}
    assert data(operator().post(LIMITS, blank, format="multipart"))["rateLimit"] is None


@pytest.mark.parametrize(
    ("caller", "reads", "changes"),
    [
        (anonymous, {401}, {401}),
        (plain, {403}, {403}),
        (lambda: with_scopes("queue:read", "queue:write"), {403}, {403}),
        (lambda: with_scopes("queue:manage"), {403}, {200}),
        (operator, {200}, {200}),
    ],
)
def test_who_reads_and_who_changes(caller, reads, changes):
    client = caller()
    assert client.get(LIMITS).status_code in reads
    answers = [
        client.post(LIMITS, {"key": "a", "concurrency": 1}),
        client.post(f"{LIMITS}/close", {"key": "a", "duration": 1000}),
        client.post(f"{LIMITS}/open", {"key": "a"}),
        client.post(f"{LIMITS}/remove", {"key": "a"}),
    ]
    assert {answer.status_code for answer in answers} <= changes
    assert AuditEntry.objects.exists() is (changes == {200})
