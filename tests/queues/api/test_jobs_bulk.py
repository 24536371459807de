"""Thousands of jobs at once: all or none, and everything that is wrong is named."""

from __future__ import annotations

import io
import json

import pytest

from queues.models import Job
from tests.counting import answering
from tests.queues.api.owned import client, fields, people, user

pytestmark = pytest.mark.django_db
URL = "/api/queue/jobs/bulk"


def item(name="owner", text="", **more):
    payload = {"userId": str(user(name).pk), "text": text}
    return {"kind": "tests.api-owned", "payload": payload, **more}


@pytest.fixture
def owner(db):
    return client(user("owner"))


def test_all_are_made_in_their_order(owner):
    options = {"priority": 2, "delay": 60_000, "data": {"text": "b"}}
    response = owner.post(URL, {"jobs": [item(text="a"), item(text="b", options=options), item()]})
    assert response.status_code == 201
    data = response.json()["data"]
    jobs = [*Job.objects.order_by("pk")]
    assert data == {"count": 3, "ids": [job.pk for job in jobs]}
    assert [job.payload["text"] for job in jobs] == ["a", "b", ""]
    assert [job.state for job in jobs] == ["waiting", "delayed", "waiting"]
    assert [job.priority for job in jobs] == [0, 2, 0]


def test_ten_thousand_are_one_insert(owner):
    one = item()
    jobs = [{**one, "options": {"priority": place % 3}} for place in range(10_000)]
    with answering() as captured:
        response = owner.post(URL, {"jobs": jobs})
    assert response.json()["data"]["count"] == 10_000
    assert len(captured) <= 4
    assert Job.objects.count() == 10_000


def test_everything_that_is_wrong_is_named_and_nothing_is_made(owner):
    wrong = [
        item(),
        7,
        {"payload": {}},
        {"kind": "tests.api-owed"},
        {"kind": "queues.bulk", "payload": [], "options": 1, "extra": 1},
        item(options={"priority": -1, "delay": "x"}),
        item(options={"deduplication": {"id": "a"}}),
        item("other"),
        item(text="refused"),
        item(text="broken"),
        item(options={"delay": 1, "runAt": "2030-01-01T00:00:00Z"}),
        item(options={"backoff": {"type": "handler"}}),
        item(options={"data": {"more": 1}}),
        item(text="a", options={"data": {"text": "b"}}),
        item(options={"data": 5}),
    ]
    response = owner.post(URL, {"jobs": wrong})
    assert response.status_code == 400
    assert fields(response) == [
        "jobs.1", "jobs.2.kind", "jobs.3.kind",
        "jobs.4.extra", "jobs.4.kind", "jobs.4.payload", "jobs.4.options",
        "jobs.5.options.delay", "jobs.5.options.priority", "jobs.6.options.deduplication",
        "jobs.7.payload", "jobs.8.payload", "jobs.9.payload", "jobs.10.options.runAt",
        "jobs.11.options.backoff", "jobs.12.payload", "jobs.13.options.data.text",
        "jobs.14.options.data",
    ]  # fmt: skip
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "tests.api-owed"}, {"kind": None}, {"kind": 7}, {"payload": []}, {"payload": None},
        {"options": []}, {"options": None}, {"options": {"delay": "x"}},
        {"options": {"backoff": 0.5}},
        {"options": {"data": {"text": "b"}}}, {"odd": 1}, {"payload": {"odd": 1}},
    ],
)  # fmt: skip
def test_one_of_many_is_refused_as_one_alone_is(owner, change):
    wanted = {**item(text="a"), **change}
    (alone,) = owner.post("/api/queue/jobs", wanted).json()["errors"]
    (among,) = owner.post(URL, {"jobs": [wanted]}).json()["errors"]
    assert among["field"] == f"jobs.0.{alone['field']}"
    assert (among["code"], among["message"]) == (alone["code"], alone["message"])


def test_of_one_of_many_all_that_is_needed_is_named(owner):
    (error,) = owner.post(URL, {"jobs": [{}]}).json()["errors"]
    assert (error["field"], error["code"]) == ("jobs.0.kind", "required")


def test_of_thousands_of_unknown_names_few_are_answered(owner):
    strangers = {f"x{number}": 1 for number in range(10_000)}
    response = owner.post(URL, {"jobs": [item(**strangers)]})
    assert len(response.json()["errors"]) == 20


def test_of_thousands_of_errors_the_first_are_named_and_the_rest_is_not_read(owner):
    response = owner.post(URL, {"jobs": [item(options={"priority": -1, "delay": -1})] * 300})
    errors = response.json()["errors"]
    assert errors[0]["field"] == "jobs"
    assert errors[0]["message"] == "100 things are wrong so far; 250 more jobs were not read."
    assert len(errors) == 101


@pytest.mark.parametrize("jobs", [[], {}, None, "x", 7, [{}] * 10_001])
def test_what_is_no_list_of_jobs_is_refused(owner, jobs):
    response = owner.post(URL, {"jobs": jobs})
    assert response.status_code == 400
    assert fields(response) == ["jobs"]


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401), ("owner", 201), ("writer", 201), ("reader", 403), ("stranger", 400),
        ("staff", 400), ("operator", 201), ("manager", 201),
    ],
)  # fmt: skip
def test_whose_jobs_somebody_may_make(who, status):
    callers, jobs = people(), [item()]
    assert callers[who].post(URL, {"jobs": jobs}).status_code == status
    assert Job.objects.count() == (status == 201)


def test_a_form_does_too(owner):
    page = owner.get(URL, HTTP_ACCEPT="text/html")
    assert page.status_code == 405
    response = owner.post(URL, {"jobs": json.dumps([item()])}, format="multipart")
    assert response.status_code == 201


def test_what_is_sent_twice_with_a_key_is_done_once(owner):
    sent = [owner.post(URL, {"jobs": [item()]}, headers={"Idempotency-Key": "k"}) for _ in "12"]
    assert sent[0].json() == sent[1].json()
    assert Job.objects.count() == 1


def big(megabytes):
    return b'{"jobs": []' + b" " * (megabytes * 1024 * 1024) + b"}"


@pytest.mark.parametrize(
    ("url", "megabytes", "status"),
    [(URL, 7, 400), (f"{URL}/", 7, 400), (URL, 9, 413), ("/api/queue/jobs", 1, 413)],
)
def test_a_body_may_have_eight_megabytes_here_alone(owner, url, megabytes, status):
    response = owner.generic("POST", url, big(megabytes), content_type="application/json")
    assert response.status_code == status


def test_there_may_be_two_hundred_thousand_values(owner):
    def sent(values):
        raw = json.dumps({"jobs": [{"x": [0] * values}]}).encode()
        return owner.generic("POST", URL, raw, content_type="application/json").json()

    assert sent(199_000)["errors"][0]["field"] == "jobs.0.x"
    assert sent(200_000)["code"] == "too_many_values"


class Unreadable(io.BytesIO):
    def read(self, *_args):
        raise AssertionError


@pytest.mark.parametrize("who", ["anonymous", "reader"])
def test_the_body_of_somebody_who_may_not_is_not_read(who):
    api = people()[who]
    response = api.generic(
        "POST", URL, b"", content_type="application/json", CONTENT_LENGTH=str(7 << 20),
        **{"wsgi.input": Unreadable()},
    )  # fmt: skip
    assert response.status_code == (401 if who == "anonymous" else 403)
