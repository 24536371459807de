"""The test endpoints of the old service: what they refuse, by the name of the field."""

from __future__ import annotations

import pytest

from queues.models import Job

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/api/queue/test"
FETCH, NOTIFY, ACT = "content-aggregation", "notification", "user-action"
GOOD = {
    FETCH: {},
    NOTIFY: {"message": "x"},
    ACT: {"action": "like-post", "targetId": "1"},
    "bulk-jobs": {},
}
NO_TEXT: list[object] = [1, 1.5, True, None, [], {}]
NO_WORD = [*NO_TEXT, "", "x"]
TARGETS = ["", "x" * 65, "../1", "1/unfavourite", "1?a=b", "1#a", "%2e%2e", "1 ", "1\n", "é"]
BAD_FIELDS = [
    *[(FETCH, "platform", {"platform": value}) for value in [*NO_WORD, "Mastodon"]],
    *[(FETCH, "action", {"action": value}) for value in [*NO_WORD, "like-post"]],
    *[(FETCH, name, {name: "x"}) for name in ["type", "userId", "count", "timestamp", "data"]],
    *[(NOTIFY, "type", {"type": value}) for value in [*NO_TEXT, "", "a b", "é", "a/b", "x" * 65]],
    *[(NOTIFY, "message", {"message": value}) for value in [*NO_TEXT, "", "x" * 2001]],
    *[(ACT, "action", {"action": value}) for value in [*NO_WORD, "fetch-posts"]],
    *[(ACT, "platform", {"platform": value}) for value in NO_WORD],
    *[(ACT, "targetId", {"targetId": value}) for value in [*NO_TEXT, *TARGETS]],
    *[
        ("bulk-jobs", "count", {"count": value})
        for value in [0, -1, 1001, 1.0, 1.5, "5", True, None, [], {}]
    ],
    ("bulk-jobs", "options", {"options": {}}),
]
BAD_IN_OPTIONS = [
    ("timestamp", "2025-08-17T06:20:40.214Z", "allowed:"),
    ("prioritty", 1, "did you mean priority?"),
    ("removeoncomplete", 1, "did you mean removeOnComplete?"),
    ("queue", "notifications", "allowed:"),
    ("delay", "1000", ""),
    ("delay", -1, ""),
    ("delay", True, ""),
    ("priority", 2_097_152, ""),
    ("attempts", 0, ""),
    ("lifo", 1, ""),
    ("data", [], "object"),
    ("data", "x", "object"),
]
BAD_DATA = [
    (FETCH, {}, "stranger", 1, "allowed:"),
    (FETCH, {}, "accountid", 1, "did you mean accountId?"),
    (FETCH, {}, "user_id", "1", "did you mean userId?"),
    (FETCH, {}, "accountId", "1", "a whole number or null"),
    (FETCH, {}, "accountId", 1.0, "a whole number or null"),
    (FETCH, {}, "accountId", True, "a whole number or null"),
    (FETCH, {}, "accountId", [], "a whole number or null"),
    (FETCH, {}, "feed", "secret", "home, public"),
    (FETCH, {"action": "sync-timeline"}, "feed", "public", "home"),
    (FETCH, {"action": "fetch-all-posts"}, "accountId", 1, "allowed:"),
    (FETCH, {}, "platform", "lemmy", "mastodon"),
    (FETCH, {}, "action", "fetch-all-posts", "fetch-posts"),
    (NOTIFY, {}, "message", "another", "Contradicts"),
    (NOTIFY, {}, "stranger", 1, "allowed:"),
    (ACT, {}, "targetId", "2", "Contradicts"),
    (ACT, {}, "text", "x", "comment-post"),
    (ACT, {"action": "comment-post"}, "text", "", "1 to 5000"),
    (ACT, {"action": "comment-post"}, "text", None, "1 to 5000"),
    (ACT, {"action": "comment-post"}, "text", 1, "text or null"),
    (ACT, {"action": "comment-post"}, "text", "x" * 5001, "1 to 5000"),
]


def refused(client, path, body):
    """Return the one error of a request that adds nothing."""
    response = client.post(f"{BASE}/{path}", body, format="json")
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert not Job.objects.exists()
    (error,) = response.json()["errors"]
    return error


@pytest.mark.parametrize(("path", "field", "body"), BAD_FIELDS)
def test_a_wrong_field_is_named(as_ada, path, field, body):
    assert refused(as_ada, path, {**GOOD[path], **body})["field"] == field


@pytest.mark.parametrize(
    ("path", "field"),
    [(NOTIFY, "message"), (ACT, "targetId"), (ACT, "action")],
)
def test_what_is_needed_is_named(as_ada, path, field):
    body = {name: value for name, value in GOOD[path].items() if name != field}
    error = refused(as_ada, path, body)
    assert (error["field"], error["code"]) == (field, "required")


@pytest.mark.parametrize("path", [FETCH, NOTIFY, ACT])
@pytest.mark.parametrize("options", [1, "x", True, None, []])
def test_options_are_an_object(as_ada, path, options):
    assert refused(as_ada, path, {**GOOD[path], "options": options})["field"] == "options"


@pytest.mark.parametrize("path", [FETCH, NOTIFY, ACT])
@pytest.mark.parametrize(("name", "value", "hint"), BAD_IN_OPTIONS)
def test_a_wrong_option_is_named(as_ada, path, name, value, hint):
    error = refused(as_ada, path, {**GOOD[path], "options": {name: value}})
    assert error["field"] == f"options.{name}"
    assert hint in error["message"]


@pytest.mark.parametrize(("path", "body", "name", "value", "hint"), BAD_DATA)
def test_a_wrong_field_of_the_data_is_named(as_ada, path, body, name, value, hint):
    whole = {**GOOD[path], **body, "options": {"data": {name: value}}}
    error = refused(as_ada, path, whole)
    assert error["field"] == f"options.data.{name}"
    assert hint in error["message"]


def test_of_thousands_of_unknown_names_few_are_answered(as_ada):
    body = {"options": {"data": {f"x{number}": 1 for number in range(500)}}}
    response = as_ada.post(f"{BASE}/{FETCH}", body, format="json")
    assert (response.status_code, len(response.json()["errors"])) == (400, 20)


@pytest.mark.parametrize("path", [FETCH, NOTIFY, ACT])
@pytest.mark.parametrize("other", ["eve", None, 7, "", "test-user-id"])
def test_nobody_adds_a_job_of_another_user(as_ada, eve, path, other):
    user_id = str(eve.pk) if other == "eve" else other
    body = {**GOOD[path], "options": {"data": {"userId": user_id}}}
    assert refused(as_ada, path, body)["field"] == "options.data.userId"


def test_nobody_fetches_for_all_users(as_ada):
    body = {"action": "fetch-all-posts", "options": {"data": {"userId": None}}}
    assert refused(as_ada, FETCH, body)["field"] == "options.data.userId"


def test_an_answer_without_text_is_named(as_ada):
    error = refused(as_ada, ACT, {"action": "comment-post", "targetId": "1"})
    assert error["field"] == "options.data.text"


@pytest.mark.parametrize("path", [FETCH, NOTIFY, ACT])
def test_what_is_said_twice_alike_is_fine(as_ada, ada, path):
    body = {**GOOD[path], "options": {"data": {"userId": str(ada.pk)}}}
    assert as_ada.post(f"{BASE}/{path}", body, format="json").status_code == 200


def test_a_key_of_another_user_is_another_key(as_ada, signed_in, eve):
    """Else one would be shown the other's job, or take its place."""
    body = {"message": "x", "options": {"deduplication": {"id": "a"}}}
    own = as_ada.post(f"{BASE}/{NOTIFY}", body, format="json").json()
    assert as_ada.post(f"{BASE}/{NOTIFY}", body, format="json").json() == own
    others = signed_in(eve).post(f"{BASE}/{NOTIFY}", body, format="json").json()
    assert others["data"]["job"]["data"]["userId"] == str(eve.pk)
    assert Job.objects.count() == 2


def test_a_key_that_is_too_long_is_named(as_ada):
    body = {"message": "x", "options": {"deduplication": {"id": "a" * 200}}}
    assert refused(as_ada, NOTIFY, body)["field"] == "options.deduplication.id"


def test_the_key_of_an_operator_is_the_key_as_it_is(signed_in, admin_user):
    body = {"message": "x", "options": {"deduplication": {"id": "a" * 200}}}
    assert signed_in(admin_user).post(f"{BASE}/{NOTIFY}", body, format="json").status_code == 200
    assert Job.objects.get().unique_key == "a" * 200


def test_delay_and_moment_exclude_each_other(as_ada):
    options = {"delay": 1, "runAt": "2030-01-01T00:00:00Z"}
    assert refused(as_ada, FETCH, {"options": options})["field"] == "options.runAt"


def test_what_is_too_large_for_a_job_is_refused(as_ada):
    body = {"options": {"data": {"testMessage": "x" * 70_000}}}
    assert "65536" in refused(as_ada, FETCH, body)["message"]
