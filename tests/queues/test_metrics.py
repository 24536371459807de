from __future__ import annotations

import pytest
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
