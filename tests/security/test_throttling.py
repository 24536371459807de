"""No caller comes as often as they like, whatever address they ask for."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import SimpleNamespace

import pytest
from django.urls import get_resolver
from rest_framework.settings import api_settings
from rest_framework.test import APIClient

from accounts.models import User
from queues.api.admission import Admission, bulks
from queues.api.errors import TooMany, Unavailable
from queues.api.throttles import CallerThrottle, purses
from queues.models import Bucket
from queues.throttle import Allowance, Purses
from tests.api.routes import walk

pytestmark = pytest.mark.django_db
STATS, BULK, NOTES = "/api/queue/stats", "/api/queue/jobs/bulk", "/api/queue/test/notification"


@pytest.fixture
def few(settings):
    settings.API_READS_PER_MINUTE = 5
    settings.API_WRITES_PER_MINUTE = 3
    settings.API_OPERATOR_READS_PER_MINUTE = 50


def signed_in(name, **values):
    client = APIClient()
    client.force_authenticate(User.objects.create_user(name, **values))
    return client


def test_reads_and_writes_are_counted_apart_and_each_user_alone(few):
    ada, eve = signed_in("ada"), signed_in("eve")
    assert [ada.get(STATS).status_code for _ in range(6)] == [200] * 5 + [429]
    assert [ada.post(NOTES, {"message": "x"}).status_code for _ in range(4)] == [200] * 3 + [429]
    assert eve.get(STATS).status_code == 200


def test_who_is_refused_is_told_when_to_come_again(few):
    ada = signed_in("ada")
    refused = [ada.get(STATS) for _ in range(6)][-1]
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "too_many_requests"
    assert "more than 5 times a minute" in refused.json()["detail"]
    assert 1 <= int(refused["Retry-After"]) <= 12


def test_all_tokens_of_a_user_share_what_is_theirs(few):
    user = User.objects.create_user("ada")
    answers = []
    for number in range(6):
        client = APIClient()
        client.force_authenticate(user, token=SimpleNamespace(scopes={"queue:read"}, n=number))
        answers.append(client.get(STATS).status_code)
    assert answers == [200] * 5 + [429]


def test_operators_may_come_more_often(few):
    operator = signed_in("op", is_superuser=True)
    assert {operator.get(STATS).status_code for _ in range(20)} == {200}


def test_a_bulk_counts_as_ten(settings):
    settings.API_WRITES_PER_MINUTE = 25
    ada = signed_in("ada")
    assert [ada.post(BULK, {"jobs": []}).status_code for _ in range(3)] == [400, 400, 429]


def test_no_route_is_without_the_throttle():
    """It is DRF's default, and no view has another; each counts who is known."""
    views = {
        pattern.name: pattern.callback.cls
        for _, pattern in walk(get_resolver())
        if hasattr(pattern.callback, "cls")
    }
    assert len(views) > 40
    assert [CallerThrottle] == api_settings.DEFAULT_THROTTLE_CLASSES
    for name, view in views.items():
        assert view.throttle_classes == [CallerThrottle], name
        assert view.get_throttles.__qualname__ == "APIView.get_throttles", name
        assert view.check_throttles.__qualname__ == "APIView.check_throttles", name


def test_few_requests_write_to_the_bucket(django_assert_num_queries):
    hundred = Allowance(burst=600, rate=10)
    purse = Purses()
    with django_assert_num_queries(5 * 2):
        assert {purse.take("a", hundred) for _ in range(100)} == {0.0}


def test_all_processes_together_let_through_what_the_bucket_holds():
    processes, allowance = [Purses() for _ in range(4)], Allowance(burst=60, rate=0.001)
    passed = 0
    for _ in range(40):
        passed += sum(process.take("a", allowance) == 0.0 for process in processes)
    assert passed == 60


def test_who_is_refused_again_and_again_does_not_reach_postgres(django_assert_num_queries):
    purse, one = Purses(), Allowance(burst=1, rate=0.001)
    assert purse.take("a", one) == 0.0
    assert purse.take("a", one) > 900
    with django_assert_num_queries(0):
        assert {purse.take("a", one) > 0 for _ in range(100)} == {True}


def test_it_holds_without_redis(few, settings):
    settings.CACHES = {"default": {"BACKEND": "nothing.at.all"}}
    ada = signed_in("ada")
    assert [ada.get(STATS).status_code for _ in range(6)][-1] == 429
    assert Bucket.objects.filter(key__startswith="user:").exists()
    purses.clear()
    assert ada.get(STATS).status_code == 429


def test_one_large_body_of_a_user_is_read_at_a_time():
    ada = signed_in("ada")
    me = str(User.objects.get(username="ada").pk)
    with bulks.admit(me):
        response = ada.post(BULK, {"jobs": []})
    assert (response.status_code, response.json()["code"]) == (429, "too_many_at_once")
    assert int(response["Retry-After"]) >= 1
    assert ada.post(BULK, {"jobs": []}).status_code == 400


def test_nor_are_many_of_several_users():
    ada = signed_in("ada")
    with bulks.admit("b"), bulks.admit("c"):
        response = ada.post(BULK, {"jobs": []})
    assert (response.status_code, "Retry-After" in response) == (503, True)
    assert ada.post(BULK, {"jobs": []}).status_code == 400


def test_places_are_given_back_whatever_happens():
    admission, inside = Admission(2), threading.Barrier(2, timeout=5)

    def fail():
        with suppress(ValueError), admission.admit("a"):
            inside.wait()
            raise ValueError

    thread = threading.Thread(target=fail)
    thread.start()
    inside.wait()
    thread.join()
    with admission.admit("a"), admission.admit("b"):
        with pytest.raises(TooMany), admission.admit("a"):
            pass
        with pytest.raises(Unavailable), admission.admit("c"):
            pass
    with admission.admit("a"):
        pass
