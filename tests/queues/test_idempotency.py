"""What is sent twice is done once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models.functions import Now

from queues.enqueue import enqueue
from queues.idempotency import Answered, BadKeyError, InFlightError, KeyReusedError, once
from queues.maintenance import requests
from queues.models import IdempotencyKey, Job
from tests.jobs import Act

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"b": 1, "a": [1, {"x": None}]}


def make():
    return Answered(status=201, document={"id": enqueue(Act(what="return")).pk})


def test_the_second_time_the_first_answer_is_returned():
    first = once("user:1", "k", BODY, make)
    again = once("user:1", "k", {"a": [1, {"x": None}], "b": 1}, make)
    assert (first.is_replayed, again.is_replayed) == (False, True)
    assert (again.status, again.document) == (201, first.document)
    assert Job.objects.count() == 1


def test_another_request_under_the_key_is_refused():
    once("user:1", "k", BODY, make)
    with pytest.raises(KeyReusedError):
        once("user:1", "k", {"b": 2}, make)
    assert Job.objects.count() == 1


def test_a_key_is_its_principals_own():
    assert once("user:1", "k", BODY, make).document != once("user:2", "k", BODY, make).document


def test_what_is_refused_keeps_no_key_and_no_job():
    def fail():
        make()
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        once("user:1", "k", BODY, fail)
    assert not Job.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert once("user:1", "k", {"b": 2}, make).is_replayed is False


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "a" * 256, "a\n", "\x00"])
def test_a_bad_key_is_refused(key):
    with pytest.raises(BadKeyError):
        once("user:1", key, BODY, make)
    assert not Job.objects.exists()


def test_while_it_is_carried_out_the_same_request_is_refused():
    begun, go_on = threading.Event(), threading.Event()

    def slowly():
        begun.set()
        assert go_on.wait(10)
        return make()

    def first():
        try:
            return once("user:1", "k", BODY, slowly)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(first)
        assert begun.wait(10)
        with pytest.raises(InFlightError):
            once("user:1", "k", BODY, make)
        assert once("user:1", "other", BODY, make).is_replayed is False
        go_on.set()
        assert once_done(future).is_replayed is False
    assert once("user:1", "k", BODY, make).is_replayed is True
    assert Job.objects.count() == 2


def once_done(future):
    return future.result(timeout=10)


def test_fifty_at_once_make_one_job():
    def one(_):
        try:
            return once("user:1", "k", BODY, make).document["id"]
        except InFlightError:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        ids = set(pool.map(one, range(50))) - {None}
    assert Job.objects.count() == 1
    assert ids == {Job.objects.get().pk}


def test_keys_are_forgotten_after_a_day():
    for key in ("old", "new"):
        once("user:1", key, BODY, make)
    IdempotencyKey.objects.filter(key="old").update(created_at=Now() - timedelta(hours=25))
    assert requests.run_once() == 1
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["new"]
