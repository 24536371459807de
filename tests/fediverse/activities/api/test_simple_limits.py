"""The open endpoint holds, whoever comes and however often, with Redis or without."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from queues.conf import MAX_PRIORITY
from queues.enqueue import enqueue
from queues.models import Bucket, Job
from queues.testing import run_all
from tests.jobs import Act
from tests.threads import together

URL = "/api/queue/test-simple"
pytestmark = pytest.mark.django_db(transaction=True)


def post(client, body=None, *, address="127.0.0.1", **headers):
    return client.post(
        URL, body or {}, content_type="application/json", headers=headers, REMOTE_ADDR=address
    )


def statuses(responses):
    return [response.status_code for response in responses]


def is_refused(response, code):
    assert response.status_code == 429, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert int(response["Retry-After"]) >= 1


def test_one_address_is_let_in_so_often_and_another_one_all_the_same(client, settings):
    settings.OPEN_ENDPOINT_PER_MINUTE = 3
    assert statuses(post(client) for _ in range(3)) == [200] * 3
    is_refused(post(client), "too_many_requests")
    assert post(client, address="203.0.113.9").status_code == 200
    assert Job.objects.count() == 4


def test_who_waits_as_long_as_was_asked_is_let_in(client, settings):
    settings.OPEN_ENDPOINT_PER_MINUTE = 3
    responses = [post(client) for _ in range(4)]
    wait = timedelta(seconds=int(responses[-1]["Retry-After"]))
    bucket = Bucket.objects.get(key="open:127.0.0.1")
    bucket.filled_at -= wait
    bucket.save()
    assert post(client).status_code == 200


def test_what_somebody_says_of_their_own_address_is_not_believed(client, settings):
    settings.OPEN_ENDPOINT_PER_MINUTE = 5
    headers = [
        {"x-forwarded-for": f"198.51.100.{number}", "x-real-ip": f"198.51.100.{number}",
         "forwarded": f"for=198.51.100.{number}"}
        for number in range(12)
    ]  # fmt: skip
    responses = [post(client, **each) for each in headers]
    assert statuses(responses) == [200] * 5 + [429] * 7
    assert Job.objects.count() == 5


def test_a_network_of_ipv6_counts_as_one(client, settings):
    settings.OPEN_ENDPOINT_PER_MINUTE = 2
    codes = statuses(post(client, address=f"2001:db8::{number}") for number in range(1, 5))
    assert codes == [200, 200, 429, 429]
    assert post(client, address="2001:db8:0:1::1").status_code == 200


def test_all_addresses_together_are_let_in_so_often(client, settings):
    settings.OPEN_ENDPOINT_GLOBAL_PER_MINUTE = 3
    responses = [post(client, address=f"203.0.113.{number}") for number in range(5)]
    assert statuses(responses) == [200] * 3 + [429] * 2
    is_refused(responses[-1], "too_many_requests")


def test_what_is_refused_costs_others_nothing(client, settings):
    settings.OPEN_ENDPOINT_GLOBAL_PER_MINUTE = 1
    bad = [post(client, {"delay": -1}) for _ in range(5)]
    assert statuses(bad) == [400] * 5
    assert post(client).status_code == 200


def test_what_cannot_be_read_counts_against_the_address(client, settings):
    settings.OPEN_ENDPOINT_PER_MINUTE = 3
    responses = [client.post(URL, b"{", content_type="application/json") for _ in range(4)]
    assert statuses(responses) == [400, 400, 400, 429]


@pytest.mark.parametrize(
    ("size", "status"), [(1024, 400), (1025, 413), (100_000, 413), (1_000_000, 413)]
)
def test_a_body_has_a_kibibyte(client, size, status):
    body = b'{"delay": "' + b"x" * (size - 13) + b'"}'
    assert len(body) == size
    response = client.post(URL, body, content_type="application/json")
    assert response.status_code == status
    assert response.json()["status"] == status
    if status == 413:
        assert response.json()["code"] == "payload_too_large"


def test_so_many_jobs_may_be_unfinished_and_finished_ones_make_room(client, settings):
    settings.OPEN_ENDPOINT_MAX_WAITING = 3
    codes = statuses(post(client, {"delay": 1000 * number}) for number in range(3))
    assert codes == [200] * 3
    response = post(client)
    is_refused(response, "too_many_waiting")
    run_all()
    assert post(client).status_code == 200
    is_refused(post(client), "too_many_waiting")


def test_a_job_that_runs_still_has_its_place(client, settings):
    settings.OPEN_ENDPOINT_MAX_WAITING = 2
    for _ in range(2):
        post(client)
    Job.objects.update(state="completed", finished_at=timezone.now())
    assert statuses(post(client) for _ in range(3)) == [200, 200, 429]


def test_who_asks_for_a_week_shuts_nobody_out_for_a_week(client, settings):
    settings.OPEN_ENDPOINT_MAX_WAITING = 10
    far = {"delay": 7 * 24 * 3600 * 1000}
    assert [post(client, far).status_code for _ in range(3)] == [200, 200, 429]
    assert [post(client).status_code for _ in range(8)] == [200] * 8
    assert post(client).status_code == 429


def test_jobs_of_others_take_no_place(client, settings):
    settings.OPEN_ENDPOINT_MAX_WAITING = 1
    for _ in range(3):
        enqueue(Act(what="return"))
    assert statuses(post(client) for _ in range(2)) == [200, 429]


def test_twenty_at_once_do_not_pass_the_last_place_together(settings):
    settings.OPEN_ENDPOINT_MAX_WAITING = 5
    codes = together(*[lambda: post(Client()).status_code for _ in range(20)])
    assert sorted(codes) == [200] * 5 + [429] * 15
    assert Job.objects.count() == 5


def test_twenty_at_once_take_no_token_twice(settings):
    settings.OPEN_ENDPOINT_PER_MINUTE = 7
    codes = together(*[lambda: post(Client()).status_code for _ in range(20)])
    assert sorted(codes) == [200] * 7 + [429] * 13


def test_its_jobs_go_behind_everybody_elses(client):
    post(client)
    assert Job.objects.get().priority == MAX_PRIORITY


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_without_redis_it_answers_quickly_and_is_limited_all_the_same(
    own_redis, client, settings, fault
):
    settings.OPEN_ENDPOINT_PER_MINUTE = 3
    assert post(client).status_code == 200
    getattr(own_redis, fault)()
    started = time.monotonic()
    response = post(client)
    assert time.monotonic() - started < 0.3
    assert response.status_code == 200
    assert statuses(post(client) for _ in range(2)) == [200, 429]
    assert Job.objects.count() == 3


@pytest.mark.parametrize("method", ["get", "post", "options"])
def test_switched_off_it_is_not_there(client, settings, method):
    settings.OPEN_ENDPOINT = False
    response = getattr(client, method)(URL)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert not Job.objects.exists()
    assert "testSimple" not in client.get("/api/").json()["data"]


def test_switched_on_the_entry_of_the_api_names_it(client):
    assert client.get("/api/").json()["data"]["testSimple"].endswith(URL)


def test_a_stale_session_changes_nothing(settings):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ada"))
    client.cookies["sessionid"] = "rubbish"
    assert post(client).status_code == 200


def test_what_is_sent_twice_under_a_key_is_done_once_for_each_address(client):
    first = post(client, {"data": "x"}, **{"idempotency-key": "k"})
    again = post(client, {"data": "x"}, **{"idempotency-key": "k"})
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    other = post(client, {"data": "x"}, address="203.0.113.9", **{"idempotency-key": "k"})
    assert other.json()["jobId"] != first.json()["jobId"]
    reused = post(client, {"data": "y"}, **{"idempotency-key": "k"})
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert Job.objects.count() == 2


def test_a_repetition_is_answered_even_when_there_is_no_place(client, settings):
    settings.OPEN_ENDPOINT_MAX_WAITING = 1
    first = post(client, **{"idempotency-key": "k"})
    is_refused(post(client, **{"idempotency-key": "other"}), "too_many_waiting")
    assert post(client, **{"idempotency-key": "k"}).json() == first.json()
