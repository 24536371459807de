from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import User
from queues.models import Job

URL = "/api/queue/test-simple"
MOST = 7 * 24 * 3600 * 1000


@pytest.fixture
def post(client):
    """POST a JSON document, or bytes that may be none."""

    def send(body, url=URL, **headers):
        return client.post(url, body, content_type="application/json", headers=headers)

    return send


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("url", [URL, f"{URL}/"])
def test_the_answer_is_what_old_clients_rely_on(post, url):
    response = post({"data": "Testing fixed queue"}, url)
    assert response.status_code == 200
    answer = response.json()
    job = Job.objects.get()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["data"].pop("timestamp"))
    assert answer == {
        "success": True,
        "message": "Test job added to queue successfully",
        "jobId": str(job.pk),
        "jobName": "fetchPosts-mastodon",
        "data": {
            "userId": "test-user-id",
            "platform": "mastodon",
            "action": "fetchPosts",
            "testMessage": "Testing fixed queue",
        },
        "delay": 0,
    }
    assert (job.queue, job.owner, job.state) == ("content-aggregation", "test-user-id", "waiting")
    # Behind everybody else's.
    assert job.priority == 2_097_151


@pytest.mark.django_db(transaction=True)
def test_a_delay_is_in_milliseconds(post):
    assert post({"data": "x", "delay": 2000}).json()["delay"] == 2000
    job = Job.objects.get()
    assert job.state == "delayed"
    assert (job.run_at - job.created_at).total_seconds() == pytest.approx(2, abs=0.1)


GOOD = [
    {},
    {"data": ""},
    {"data": "x" * 1000},
    {"data": "é" * 100},
    {"delay": 0},
    {"delay": 1},
    {"delay": MOST},
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("body", GOOD)
def test_both_fields_may_be_left_out(post, body):
    response = post(body)
    assert response.status_code == 200
    assert response.json()["data"]["testMessage"] == body.get("data", "Test job")
    assert response.json()["delay"] == body.get("delay", 0)


NO_DELAYS: list[object] = [True, False, None, 1.0, 1.5, "1", "", -1, [], {}, MOST + 1]
NO_DATA: list[object] = [1, 1.5, True, None, [], {}, "x" * 1001]
BAD = [
    *[("delay", {"delay": value}) for value in NO_DELAYS],
    *[("data", {"data": value}) for value in NO_DATA],
    ("priority", {"priority": 1}),
    ("timestamp", {"data": "x", "timestamp": "2025-08-17T06:20:40.214Z"}),
    ("userId", {"userId": "1"}),
    ("jobId", {"jobId": "1"}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("field", "body"), BAD)
def test_anything_else_is_refused_by_the_name_of_its_field(post, field, body):
    response = post(body)
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert response.json()["success"] is False
    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'[{"data": "x"}]',
        b"null",
        b'"x"',
        b"1",
        b"{",
        b"\xff",
        b'{"data": "a\\u0000b"}',
        b'{"data": "\\ud800"}',
        b'{"delay": NaN}',
        b'{"delay": 1e999}',
        b'{"data": "a", "data": "b"}',
    ],
)
def test_a_hostile_body_is_the_clients_fault(post, body):
    assert post(body).status_code == 400
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_every_unknown_field_is_named(post):
    errors = post({"a": 1, "b": 2}).json()["errors"]
    assert [error["field"] for error in errors] == ["a", "b"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("form", "delay"), [({"data": "x", "delay": "2000"}, 2000), ({"data": "x", "delay": ""}, 0)]
)
def test_a_form_writes_its_numbers_as_text(client, form, delay):
    response = client.post(URL, form)
    assert response.status_code == 200
    assert response.json()["delay"] == delay


@pytest.mark.django_db
@pytest.mark.parametrize(
    "delay", ["-1", "1.5", "true", "1e3", "٣", " 1 x", str(MOST + 1), "9" * 500]
)
def test_a_form_is_held_to_the_same_limits(client, delay):
    response = client.post(URL, {"delay": delay})
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["delay"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("header", ["Bearer rubbish", "Token \xff", "Basic AAAA"])
def test_nobody_needs_to_sign_in_and_nobody_is_turned_away_for_it(post, header):
    assert post({}, authorization=header).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_browser_that_is_signed_in_needs_no_csrf_token():
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ada"))
    assert client.post(URL, {}, content_type="application/json").status_code == 200


@pytest.mark.django_db
def test_a_person_finds_a_form(client):
    page = client.get(URL, headers={"accept": "text/html"}).content.decode()
    assert 'name="data"' in page
    assert 'name="delay"' in page
    assert 'type="number"' in page


@pytest.mark.django_db(transaction=True)
def test_a_person_who_sends_the_form_sees_the_job(client):
    form = {"data": "<b>x</b>", "delay": "0", "csrfmiddlewaretoken": "x"}
    response = client.post(URL, form, headers={"accept": "text/html"})
    assert response.status_code == 200
    assert "fetchPosts-mastodon" in response.content.decode()
    assert "<b>x</b>" not in response.content.decode()
