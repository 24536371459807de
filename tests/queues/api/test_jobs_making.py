"""Jobs that clients make: of which kinds, whose, and with which options."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from queues.models import Job
from tests.jobs import Act
from tests.kinds import only
from tests.queues.api.owned import Owned, client, fields, job_of, people, user

pytestmark = pytest.mark.django_db
URL = "/api/queue/jobs"


def body(name="owner", text="", **options):
    payload = {"userId": str(user(name).pk), "text": text}
    return {"kind": "tests.api-owned", "payload": payload, "options": options}


@pytest.fixture
def owner(db):
    return client(user("owner"))


@pytest.fixture
def operator(db):
    return client(user("operator", is_superuser=True))


def test_a_job_is_made_and_said_where_it_is(owner):
    response = owner.post(URL, body(text="hello", delay=60_000, priority=3, attempts=9))
    job = Job.objects.get()
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver/api/queue/jobs/{job.pk}"
    data = response.json()["data"]
    assert (data["id"], data["answer"], data["state"]) == (job.pk, "created", "delayed")
    assert data["payload"] == {"userId": job.owner, "text": "hello"}
    assert (job.priority, job.max_attempts, job.name) == (3, 9, "owned-hello")
    assert timedelta(minutes=1) <= job.run_at - job.created_at < timedelta(minutes=2)
    assert owner.get(response["Location"]).json()["data"]["id"] == job.pk


def test_data_of_the_options_adds_to_the_payload_and_may_repeat_it(owner):
    wanted = body(data={"text": "b", "userId": str(user("owner").pk)})
    del wanted["payload"]["text"]
    assert owner.post(URL, wanted).status_code == 201
    assert Job.objects.get().payload["text"] == "b"


@pytest.mark.parametrize("other", ["b", "", None, 1])
def test_data_of_the_options_may_not_contradict_the_payload(owner, other):
    response = owner.post(URL, body(text="a", data={"text": other}))
    (error,) = response.json()["errors"]
    assert (error["field"], error["code"]) == ("options.data.text", "contradiction")
    assert "allowed: 'a'" in error["message"]
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401), ("owner", 201), ("writer", 201), ("reader", 403), ("stranger", 400),
        ("staff", 400), ("operator", 201), ("manager", 201), ("robot", 400),
    ],
)  # fmt: skip
def test_whose_jobs_somebody_may_make(who, status):
    callers, wanted = people(), body()
    assert callers[who].post(URL, wanted).status_code == status
    assert Job.objects.count() == (status == 201)


def test_a_job_of_somebody_else_is_refused_by_the_field(owner):
    response = owner.post(URL, body("other"))
    assert fields(response) == ["payload"]
    assert "userId is '" in response.json()["detail"]
    assert "jobs of your own alone" in response.json()["detail"]


def test_a_job_of_nobody_is_for_operators(owner, operator):
    wanted = {"kind": "tests.act", "payload": {"what": "return"}}
    assert fields(owner.post(URL, wanted)) == ["payload"]
    assert operator.post(URL, wanted).status_code == 201


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"kind": "tests.api-owed"}, "kind", "did you mean tests.api-owned?"),
        ({"kind": "queues.bulk"}, "kind", "Unknown kind"),
        ({"kind": "django.task"}, "kind", "Unknown kind"),
        ({"kind": 7}, "kind", "Unknown kind"),
        ({"kind": None}, "kind", "null"),
        ({"kind": "\x00"}, "", ""),
        ({"payload": []}, "payload", "Not an object"),
        ({"payload": {"userId": 7}}, "payload", "userId is a int; allowed: str"),
        ({"payload": {}}, "payload", "user_id"),
        ({"payload": {"userId": "1", "texts": ""}}, "payload", "'texts' is no field"),
        ({"payload": {"userId": "1", "text": "refused"}}, "payload", "text is refused."),
        ({"payload": {"userId": "1", "text": "broken"}}, "payload", "ZeroDivisionError: Broken"),
        ({"payload": {"userId": "1" * 65}}, "payload", "owner has 65 characters"),
        ({"payload": {"userId": "1", "text": "x" * 200}}, "payload", "name has 206 characters"),
        ({"payload": {"userId": "1", "text": "x" * 70_000}}, "payload", "allowed: 65536"),
        ({"options": {"priority": -1}}, "options.priority", "0"),
        ({"options": {"timestamp": "x"}}, "options.timestamp", "Unknown field"),
        ({"options": {"delay": 1, "runAt": "2030-01-01"}}, "options.runAt", "together"),
        ({"options": {"backoff": {"type": "handler"}}}, "options.backoff", "function"),
        ({"options": [1]}, "options", "Not an object"),
        ({"option": {}}, "option", "did you mean options?"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(operator, changes, field, says):
    response = operator.post(URL, {**body(), **changes})
    assert response.status_code == 400
    assert fields(response) == ([field] if field else [])
    assert says in response.json()["detail"]
    assert not Job.objects.exists()


def test_a_key_is_held_by_one_job(owner):
    wanted = body(deduplication={"id": "once"})
    first, second = owner.post(URL, wanted), owner.post(URL, wanted)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["data"]["answer"] == "exists"
    assert second.json()["data"]["id"] == first.json()["data"]["id"]
    assert second["Location"] == first["Location"]


def test_a_key_of_others_is_neither_seen_nor_changed(owner):
    theirs = job_of("other", "secret", unique="once", delay=60)
    for mode in ({}, {"mode": "keep-last"}, {"mode": "debounce", "ttl": 1000}):
        response = owner.post(URL, body(delay=1000, deduplication={"id": "once", **mode}))
        assert response.json()["data"]["id"] != theirs.pk
    theirs.refresh_from_db()
    assert theirs.payload["text"] == "secret"
    assert client(user("stranger")).post(
        URL, body("stranger", deduplication={"id": "once"})
    ).status_code == 201  # fmt: skip


def test_a_key_that_is_too_long_is_named_with_what_is_allowed(owner, operator):
    whose = f"user:{user('owner').pk}:"
    response = owner.post(URL, body(deduplication={"id": "x" * 200}))
    assert fields(response) == ["options.deduplication.id"]
    assert f"allowed: {200 - len(whose)} characters" in response.json()["detail"]
    longest = "x" * (200 - len(whose))
    assert owner.post(URL, body(deduplication={"id": longest})).status_code == 201
    assert operator.post(URL, body(deduplication={"id": "x" * 200})).status_code == 201


def test_the_key_of_an_operator_is_everybodys(operator):
    theirs = job_of("owner", unique="once", delay=60)
    found = operator.post(URL, body(deduplication={"id": "once"})).json()["data"]
    assert (found["id"], found["answer"]) == (theirs.pk, "exists")


def test_of_thousands_of_contradictions_few_are_answered(owner):
    wanted = body(data={f"x{number}": 1 for number in range(2000)})
    wanted["payload"] = dict.fromkeys(wanted["options"]["data"], 2)
    assert len(fields(owner.post(URL, wanted))) == 20


def test_what_is_sent_twice_with_a_key_is_done_once(owner):
    first = owner.post(URL, body(), headers={"Idempotency-Key": "k"})
    again = owner.post(URL, body(), headers={"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotency-Replayed"] == "true"
    assert again["Location"] == first["Location"]
    assert again.json() == first.json()
    other = owner.post(URL, body(text="x"), headers={"Idempotency-Key": "k"})
    assert other.status_code == 422
    assert Job.objects.count() == 1


def test_the_form_for_people_can_be_sent_as_it_is():
    with only(Owned.kind, Act.kind):
        api = client(user("owner"))
        page = api.get(URL, HTTP_ACCEPT="text/html").content.decode()
        assert f"&quot;userId&quot;: &quot;{user('owner').pk}&quot;" in page
        form = {
            "kind": "tests.api-owned",
            "payload": f'{{"userId": "{user("owner").pk}"}}',
            "options": "{}",
        }
        for format_ in ("multipart", "json"):
            sent = form if format_ == "multipart" else body()
            assert api.post(URL, sent, format=format_).status_code == 201
        assert api.post(URL, {**form, "options": ""}, format="multipart").status_code == 201


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b'{"kind": NaN}', b"[" * 100, b"7"]
)
def test_a_body_that_is_no_object_is_refused(owner, raw):
    response = owner.generic("POST", URL, raw, content_type="application/json")
    assert response.status_code == 400
    assert not Job.objects.exists()


def test_a_session_needs_its_token_against_forgery():
    api = APIClient(enforce_csrf_checks=True)
    api.force_login(user("owner"))
    assert api.post(URL, body()).status_code == 403
    assert not Job.objects.exists()


@pytest.mark.parametrize(("name", "value"), [("lifo", True), ("queue", "notifications")])
def test_what_is_at_the_cost_of_others_is_for_operators(owner, operator, name, value):
    response = owner.post(URL, body(**{name: value}))
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == f"options.{name}"
    assert "queue:manage" in response.json()["detail"]
    assert not Job.objects.exists()
    assert operator.post(URL, body(**{name: value})).status_code == 201


def test_a_limit_key_is_ones_own(owner, operator):
    assert owner.post(URL, body(limitKey="host")).status_code == 201
    assert operator.post(URL, body(limitKey="host")).status_code == 201
    keys = Job.objects.order_by("id").values_list("limit_key", flat=True)
    assert [*keys] == [f"user:{user('owner').pk}:host", "host"]


def test_nobody_slips_past_the_limit_of_an_account(owner):
    payload = {"userId": str(user("owner").pk), "platform": "mastodon", "accountId": 5}
    for key in ("", "other"):
        wanted = {"kind": "fetch-posts", "payload": payload, "options": {"limitKey": key}}
        response = owner.post(URL, wanted)
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == "options.limitKey"
    assert not Job.objects.exists()


def test_one_user_has_so_many_unfinished_jobs(owner, operator, settings):
    settings.API_MAX_UNFINISHED = 3
    many = {"jobs": [body()] * 2}
    assert owner.post(f"{URL}/bulk", many).status_code == 201
    refused = owner.post(f"{URL}/bulk", many)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_unfinished")
    assert int(refused["Retry-After"]) > 0
    assert owner.post(URL, body()).status_code == 201
    assert owner.post(URL, body()).status_code == 429
    assert owner.post("/api/queue/test/notification", {"message": "x"}).status_code == 429
    assert Job.objects.count() == 3
    assert operator.post(f"{URL}/bulk", many).status_code == 201
    Job.objects.update(state="completed", finished_at=timezone.now())
    assert owner.post(URL, body()).status_code == 201
