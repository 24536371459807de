from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models.functions import Now

from queues.maintenance import requests
from queues.models import Bucket
from queues.throttle import Allowance, take

pytestmark = pytest.mark.django_db(transaction=True)
FIVE = Allowance(burst=5, rate=0.1)


def passes(seconds):
    """Let time pass for all buckets."""
    back = timedelta(seconds=seconds)
    for bucket in Bucket.objects.all():
        bucket.filled_at -= back
        bucket.full_at -= back
        bucket.save()


def test_a_burst_is_let_in_and_then_one_by_one():
    assert [take("a", FIVE) for _ in range(5)] == [0.0] * 5
    assert 9 < take("a", FIVE) <= 10
    assert take("b", FIVE) == 0.0
    passes(9)
    assert 0 < take("a", FIVE) <= 1
    passes(2)
    assert take("a", FIVE) == 0.0
    assert take("a", FIVE) > 8


def test_a_bucket_is_never_fuller_than_full():
    take("a", FIVE)
    passes(10_000)
    assert [take("a", FIVE) > 0 for _ in range(7)] == [False] * 5 + [True] * 2


def test_who_is_refused_writes_nothing():
    for _ in range(5):
        take("a", FIVE)
    before = Bucket.objects.values().get()
    assert take("a", FIVE) > 0
    assert Bucket.objects.values().get() == before


def test_no_two_requests_get_the_same_token():
    def one(_):
        try:
            return take("a", Allowance(burst=20, rate=0.001))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(one, range(60)))
    assert waits.count(0.0) == 20


def test_full_buckets_are_forgotten_and_others_are_not():
    take("full", FIVE)
    passes(11)
    take("used", FIVE)
    requests.run_once()
    assert list(Bucket.objects.values_list("key", flat=True)) == ["used"]
    assert Bucket.objects.filter(full_at__gt=Now()).count() == 1
