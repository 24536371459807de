"""What a user may make is bounded: retries, retention, keys, and what is left behind."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.services.tokens import create_token, revoke
from fediverse.activities.models import Notification
from fediverse.activities.services import notifying
from queues.enqueue import enqueue
from queues.models import AuditEntry, Job
from tests.jobs import Mine

pytestmark = pytest.mark.django_db
DAY = 24 * 3600
JOBS, BULK, OLD = "/api/queue/jobs", "/api/queue/jobs/bulk", "/api/queue/test/notification"
ADDRESSES = [JOBS, BULK, OLD]


@pytest.fixture
def user():
    return User.objects.create_user("a")


@pytest.fixture
def client(user):
    found = APIClient()
    found.force_authenticate(user)
    return found


@pytest.fixture
def operator():
    found = APIClient()
    found.force_authenticate(User.objects.create_superuser("op"))
    return found


def post(client, address, user, options):
    """Ask for a job with these options at one of the addresses that make jobs."""
    if address == OLD:
        return client.post(OLD, {"message": "x", "options": options})
    payload = {"userId": str(user.pk), "type": "info", "message": "x"}
    job = {"kind": "notification", "payload": payload, "options": options}
    return client.post(address, {"jobs": [job]} if address == BULK else job)


# The queue of notifications waits five seconds before each new attempt.
REFUSED = [
    ({"attempts": 11}, "attempts", "allowed: 1 to 10"),
    ({"attempts": 100, "backoff": 0}, "attempts", "allowed: 1 to 10"),
    ({"attempts": 3, "backoff": 0}, "backoff", "5000 ms or more"),
    ({"backoff": 4999}, "backoff", "after attempt 1; allowed: 5000 ms or more"),
    ({"backoff": {"type": "exponential", "delay": 5000, "cap": 10}}, "backoff", "Waits 10 ms"),
    ({"backoff": {"delay": 5000, "jitter": 0.5}}, "backoff", "Waits 2500 ms"),
    ({"removeOnComplete": False}, "removeOnComplete", "Keeps all jobs; allowed: a count of 0 to"),
    ({"removeOnFail": False}, "removeOnFail", "Keeps all jobs"),
    ({"removeOnComplete": 1001}, "removeOnComplete", "Keeps too much"),
    ({"removeOnFail": {"count": 1, "age": 15 * DAY}}, "removeOnFail", "an age of 0 to 1209600"),
]


@pytest.mark.parametrize(("options", "name", "words"), REFUSED, ids=str)
@pytest.mark.parametrize("address", ADDRESSES)
def test_jobs_without_bounds_are_refused_by_name(client, user, address, options, name, words):
    response = post(client, address, user, options)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["field"] == ("jobs.0." if address == BULK else "") + f"options.{name}"
    assert words in error["message"]
    assert not Job.objects.exists()


@pytest.mark.parametrize(("options", "name", "words"), REFUSED, ids=str)
def test_operators_are_free_to(operator, user, options, name, words):
    assert post(operator, JOBS, user, options).status_code == 201


@pytest.mark.parametrize(
    "options",
    [
        {"attempts": 10},
        {"attempts": 1, "backoff": 0},
        {"attempts": 10, "backoff": 5000},
        {"backoff": {"type": "exponential", "delay": 5000}},
        {"removeOnComplete": True, "removeOnFail": 1000},
    ],
    ids=str,
)
@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_within_the_bounds_is_made(client, user, address, options):
    assert post(client, address, user, options).status_code in {200, 201}


def test_what_grows_is_compared_after_each_attempt(client, user):
    """The queue of actions waits 1, 2, 4 and 8 seconds."""
    payload = {"userId": str(user.pk), "action": "like-post", "targetId": "1"}
    job = {"kind": "user-action", "payload": {**payload, "platform": "mastodon"}}
    flat = client.post(JOBS, {**job, "options": {"backoff": 4000}})
    assert "after attempt 4; allowed: 8000 ms" in flat.json()["errors"][0]["message"]
    assert client.post(JOBS, {**job, "options": {"backoff": 8000}}).status_code == 201


def test_a_retention_of_a_user_always_has_an_age(client, user):
    post(client, JOBS, user, {"removeOnComplete": 5, "removeOnFail": {"age": 60}})
    job = Job.objects.get()
    assert (job.keep_completed, job.keep_completed_age) == (5, 14 * DAY)
    assert (job.keep_failed, job.keep_failed_age) == (1000, 60)


def test_a_key_does_not_keep_a_finished_job_for_longer(client, user):
    long = {"deduplication": {"id": "x", "ttl": 15 * DAY * 1000}}
    (error,) = post(client, JOBS, user, long).json()["errors"]
    assert error["field"] == "options.deduplication.ttl"


def test_finished_jobs_that_hold_a_key_count_as_unfinished(client, user, settings):
    settings.API_MAX_UNFINISHED = 2
    for number in range(2):
        unique = {"deduplication": {"id": f"x{number}", "ttl": 60_000}}
        assert post(client, JOBS, user, unique).status_code == 201
    Job.objects.update(state="completed", finished_at=Now())
    assert post(client, JOBS, user, {}).json()["code"] == "too_many_unfinished"


@pytest.mark.parametrize("address", [JOBS, OLD])
def test_a_user_has_a_hundred_limit_keys_at_most(client, user, address):
    for number in range(100):
        enqueue(Mine(path="x", user=str(user.pk)), limit_key=f"user:{user.pk}:{number}")
    assert post(client, address, user, {"limitKey": "5"}).status_code in {200, 201}
    response = post(client, address, user, {"limitKey": "new"})
    assert (response.status_code, response.json()["code"]) == (429, "too_many_keys")


def test_nor_has_a_bulk_of_them_more(client, user):
    payload = {"userId": str(user.pk), "type": "info", "message": "x"}
    job = {"kind": "notification", "payload": payload}
    jobs = [{**job, "options": {"limitKey": str(number)}} for number in range(101)]
    assert client.post(BULK, {"jobs": jobs}).json()["code"] == "too_many_keys"
    assert not Job.objects.exists()


def test_a_retried_job_counts_as_a_new_one_does(client, user, settings):
    job = enqueue(Mine(path="x", user=str(user.pk)), limit_key=f"user:{user.pk}:again")
    address = f"{JOBS}/{job.pk}"
    client.post(f"{address}/cancel")
    for number in range(100):
        enqueue(Mine(path="x", user=str(user.pk)), limit_key=f"user:{user.pk}:{number}")
    assert client.post(f"{address}/retry").json()["code"] == "too_many_keys"
    Job.objects.filter(state="waiting").update(limit_key="")
    settings.API_MAX_UNFINISHED = 100
    assert client.post(f"{address}/retry").json()["code"] == "too_many_unfinished"
    settings.API_MAX_UNFINISHED = 101
    assert client.post(f"{address}/retry").status_code == 200


LARGE = {"userId": "", "platform": "mastodon", "testMessage": "x" * 50_000}


def test_the_audit_keeps_no_large_payload(client, user):
    """It is kept for long, and a user may change a job as often as they like."""
    large = {**LARGE, "userId": str(user.pk)}
    job = client.post(JOBS, {"kind": "fetch-posts", "payload": large, "options": {"delay": 60_000}})
    address = f"{JOBS}/{job.json()['data']['id']}"
    small = {**large, "testMessage": "y"}
    assert client.patch(address, {"data": small}).status_code == 200
    entry = AuditEntry.objects.get()
    assert entry.before["payload"].keys() == {"bytes"}
    assert entry.after["payload"]["testMessage"] == "y"


@pytest.mark.parametrize("address", [JOBS, "/api/queue/test/content-aggregation"])
def test_of_a_large_answer_little_is_kept_to_tell_it_again(client, user, address):
    large = {**LARGE, "userId": str(user.pk)}
    asked = {"action": "fetch-posts", "options": {"data": {"testMessage": LARGE["testMessage"]}}}
    body = {"kind": "fetch-posts", "payload": large} if address == JOBS else asked
    first, again = (client.post(address, body, headers={"Idempotency-Key": "k"}) for _ in "12")
    assert LARGE["testMessage"] in first.content.decode()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.status_code == first.status_code
    told = [one.json()["data"].get("job", one.json()["data"])["id"] for one in (first, again)]
    assert told[0] == told[1]
    assert len(again.content) < 500
    job = Job.objects.get()
    verbs = [client.post(f"{JOBS}/{job.pk}/cancel", headers={"Idempotency-Key": "c"}) for _ in "12"]
    assert verbs[1].json()["data"] == {"id": job.pk, "state": "cancelled"}


def token_of(user, **values):
    usual = {"scopes": ["queue:read"], "days": 1, "source": ApiToken.Source.SIGN_IN}
    return create_token(user, **{**usual, **values})[0]


def test_a_user_has_a_hundred_active_tokens_at_most(user):
    user.set_password("a-long-secret")
    user.save()
    made = [token_of(user) for _ in range(100)]
    token_of(user, source=ApiToken.Source.GRANTED)
    sign_in = {"username": "a", "password": "a-long-secret"}
    refused = APIClient().post("/api/auth/token", sign_in)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "user")
    revoke(made[0])
    assert APIClient().post("/api/auth/token", sign_in).status_code == 201


def test_of_tokens_that_ended_a_hundred_are_kept(user):
    granted = token_of(user, source=ApiToken.Source.GRANTED)
    for _ in range(105):
        revoke(token_of(user))
    kept = token_of(user)
    assert ApiToken.objects.filter(user=user).count() == 102
    assert {granted, kept} <= {*ApiToken.objects.filter(revoked_at=None)}


# What a token that may write and not read is told.
@pytest.fixture
def writer(user):
    found = APIClient()
    found.force_authenticate(user, token=SimpleNamespace(scopes=frozenset({"queue:write"})))
    return found


def test_who_may_write_and_not_read_is_told_no_more_than_the_state(writer, client, user):
    job = enqueue(Mine(path="secret", user=str(user.pk)), delay=60)
    address = f"{JOBS}/{job.pk}"
    assert "secret" in client.get(address).content.decode()
    assert writer.get(address).status_code == 403
    changed = writer.patch(address, {"priority": 3})
    assert changed.json()["data"] == {"id": job.pk, "state": "delayed"}
    for verb, state in (("promote", "waiting"), ("cancel", "cancelled"), ("retry", "waiting")):
        told = writer.post(f"{address}/{verb}").json()["data"]
        assert told == {"id": job.pk, "state": state}


def test_nor_is_an_earlier_job_shown_to_them(writer, client, user):
    unique = {"deduplication": {"id": "x"}}
    first = post(client, JOBS, user, unique).json()["data"]
    again = post(writer, JOBS, user, unique).json()["data"]
    assert again == {"id": first["id"], "state": "waiting", "answer": "exists"}
    assert post(writer, OLD, user, unique).json()["data"] == {"job": {"id": str(first["id"])}}


def test_nor_what_was_answered_to_another_token_under_the_same_key(writer, client, user):
    job = enqueue(Mine(path="secret", user=str(user.pk)), delay=60)
    headers = {"Idempotency-Key": "one"}
    for who in (client, writer):
        told = who.post(f"{JOBS}/{job.pk}/promote", headers=headers).content.decode()
        assert ("secret" in told) == (who is client)
        Job.objects.update(state="delayed")


# Notifications.
NOTES = "/api/notifications"


def note(user, count=1, **values):
    first = Notification.objects.count() + 1
    made = [
        Notification(user=user, type="info", message="m", job_id=first + n, **values)
        for n in range(count)
    ]
    return Notification.objects.bulk_create(made)


def test_a_user_keeps_a_thousand_notifications(user):
    other = User.objects.create_user("b")
    kept, old = note(other)[0], note(user, 1005)[0]
    stored = notifying.store(str(user.pk), type="info", message="m", job_id=10**6)
    mine = Notification.objects.filter(user=user)
    assert mine.count() == 1000
    assert mine.filter(pk=stored.pk).exists()
    assert not mine.filter(pk=old.pk).exists()
    assert Notification.objects.filter(pk=kept.pk).exists()


def test_old_notifications_go_whoever_they_were_for(user):
    other = User.objects.create_user("b")
    note(other, 3, created_at=Now() - timedelta(days=91))
    note(other, 2, created_at=Now() - timedelta(days=89))
    notifying.store(str(user.pk), type="info", message="m", job_id=10**6)
    assert Notification.objects.filter(user=other).count() == 2


def test_people_delete_what_they_were_told(client, user):
    first, second, third = note(user, 3)
    (others,) = note(User.objects.create_user("b"))
    assert client.delete(f"{NOTES}/{others.pk}").status_code == 404
    assert client.delete(f"{NOTES}/{first.pk}").status_code == 204
    assert client.delete(f"{NOTES}/{first.pk}").status_code == 404
    client.post(f"{NOTES}/{second.pk}/read")
    assert client.delete(f"{NOTES}?read=true").json()["data"] == {"deleted": 1}
    assert [*Notification.objects.filter(user=user)] == [third]
    assert client.delete(f"{NOTES}?all=true").json()["data"] == {"deleted": 1}
    assert [*Notification.objects.all()] == [others]


@pytest.mark.parametrize("query", ["", "?read=false", "?read=true&all=true", "?x=1", "?all=yes"])
def test_what_is_to_be_deleted_is_said_and_not_guessed(client, user, query):
    note(user, 2)
    assert client.delete(NOTES + query).status_code == 400
    assert Notification.objects.count() == 2


@pytest.mark.parametrize("body", ["[]", '"x"', '{"read": false}', "{", "7"])
def test_a_body_that_says_nothing_known_marks_nothing_as_read(client, user, body):
    (unread,) = note(user)
    response = client.post(f"{NOTES}/{unread.pk}/read", body, content_type="application/json")
    assert response.status_code == 400
    unread.refresh_from_db()
    assert unread.read_at is None
