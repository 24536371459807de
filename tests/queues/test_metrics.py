from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from queues import leases, metrics
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.execution import execute
from queues.histogram import BOUNDS_MS, bucket, quantile
from queues.models import Metric
from queues.recorder import AttemptRecorder
from tests.jobs import QUEUE, Act
from tests.threads import in_thread, together


@given(st.floats(0, 1e9))
def test_a_duration_falls_into_the_first_bucket_that_holds_it(milliseconds):
    index = bucket(milliseconds)
    assert index == len(BOUNDS_MS) or milliseconds <= BOUNDS_MS[index]
    assert index == 0 or milliseconds > BOUNDS_MS[index - 1]


def test_a_quantile_is_a_bound():
    counts = [0] * (len(BOUNDS_MS) + 1)
    assert quantile(counts, 0.5) is None
    counts[2], counts[5] = 98, 2
    assert (quantile(counts, 0.5), quantile(counts, 0.99)) == (5, 50)


@pytest.mark.django_db(transaction=True)
def test_what_happened_is_counted_per_minute_queue_and_kind():
    for what, attempts in (("return", 1), ("raise", 1), ("raise", 2), ("snooze", 1)):
        job = enqueue(Act(what=what, text="9"), attempts=attempts)
        worker_id = leases.register("one", {QUEUE: 1}, version="1")
        (claim,) = claim_ids(worker_id, [job.pk], [QUEUE])
        in_thread(lambda c=claim: execute(c, AttemptRecorder(c)))
    metrics.run_once()
    rows = Metric.objects.filter(queue=QUEUE, kind="tests.act")
    found = {
        name: sum(rows.values_list(name, flat=True))
        for name in ("completed", "failed", "retried", "snoozed", "crashed")
    }
    assert found == {"completed": 1, "failed": 1, "retried": 1, "snoozed": 1, "crashed": 0}
    assert sum(sum(row.run_ms) for row in rows) == sum(sum(row.wait_ms) for row in rows) == 4


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_lose_no_count():
    def write():
        for _ in range(20):
            metrics.count(QUEUE, "tests.act", "completed")
            metrics.run_once()

    together(write, write, write)
    metrics.run_once()
    assert sum(Metric.objects.values_list("completed", flat=True)) == 60


def _write_into_a_broken_transaction():
    with transaction.atomic():
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        metrics.run_once()


@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_written_stays_counted():
    metrics.count(QUEUE, "tests.act", "completed")
    metrics.observe(QUEUE, "tests.act", [], wait_ms=3, run_ms=70)
    with pytest.raises(DatabaseError):
        _write_into_a_broken_transaction()
    assert metrics.run_once() == 1
    row = Metric.objects.get()
    assert (row.completed, sum(row.wait_ms), sum(row.run_ms)) == (1, 1, 1)
    assert (row.wait_ms[bucket(3)], row.run_ms[bucket(70)]) == (1, 1)
    assert metrics.run_once() == 0


@pytest.mark.django_db(transaction=True)
def test_a_minute_of_a_kind_has_one_row_that_adds_up():
    for number in range(3):
        metrics.count(QUEUE, "tests.act", "retried")
        metrics.observe(QUEUE, "tests.act", [], wait_ms=0, run_ms=10**number)
        metrics.run_once()
    Metric.objects.update(minute=Metric.objects.earliest("minute").minute - timedelta(minutes=1))
    metrics.count(QUEUE, "tests.act", "retried")
    metrics.count("notifications", "tests.act", "failed")
    assert metrics.run_once() == 2
    found = Metric.objects.order_by("minute", "queue").values_list("queue", "retried", "failed")
    assert list(found) == [(QUEUE, 3, 0), (QUEUE, 1, 0), ("notifications", 0, 1)]


@given(st.lists(st.floats(0, 1e8), min_size=1, max_size=50), st.floats(0, 1))
def test_at_least_the_share_lies_below_a_quantile(durations, share):
    counts = [0] * (len(BOUNDS_MS) + 1)
    for duration in durations:
        counts[bucket(duration)] += 1
    bound = quantile(counts, share)
    below = sum(duration <= bound for duration in durations)
    assert below >= share * len(durations) - 1e-9 or bound == BOUNDS_MS[-1]
