"""What is told of jobs and queues, and that nobody is harmed when it cannot be."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from queues import bulk, control, happenings, leases, queue_control
from queues.claims import claim_ids
from queues.conf import MAX_CRASHES
from queues.enqueue import enqueue, enqueue_many
from queues.maintenance import rescue, timeouts
from queues.models import Job
from queues.states import State
from queues.transport import hints
from queues.transport.client import producer
from queues.transport.events import publish
from queues.transport.stream import STREAM
from tests.jobs import QUEUE, Act
from tests.operating import OURS, carry_out, jobs_in
from tests.queues.test_events import RUNS, run_all, said
from tests.rows import let_leases_run_out

pytestmark = pytest.mark.django_db(transaction=True)
ACT = Act(what="return")


def last():
    """Return event and ids of the newest entry."""
    return said()[-1][:2]


def claimed(job):
    worker_id = leases.register("one", {QUEUE: 1}, version="1")
    return claim_ids(worker_id, [job.pk], [QUEUE])[0]


@pytest.mark.parametrize(
    ("what", "options", "word"),
    [
        ("return", {}, "completed"),
        ("fail", {}, "failed"),
        ("raise", {"attempts": 2, "backoff": 60_000}, "delayed"),
        ("snooze", {}, "delayed"),
    ],
)
def test_every_end_of_an_attempt_is_told(what, options, word):
    job = enqueue(Act(what=what, text="60"), **options)
    run_all()
    assert said() == [(event, [job.pk], 1) for event in ("waiting", "active", word)]
    assert Job.objects.get(pk=job.pk).state == word


def test_a_delay_is_told_once_for_all_jobs_of_a_queue():
    one = enqueue(ACT, delay=60)
    many = enqueue_many([(ACT, {"delay": 60})] * 3)
    assert said() == [("delayed", [one.pk], 1), ("delayed", many, 3)]


def test_each_verb_is_told():
    job = enqueue(ACT, delay=60)
    for verb, word in [
        (lambda: control.change_delay(job.pk, 90), "changed"),
        (lambda: control.change_priority(job.pk, 3), "changed"),
        (lambda: control.change_payload(job.pk, {"what": "return", "text": "x"}), "changed"),
        (lambda: control.promote(job.pk), "waiting"),
        (lambda: control.cancel(job.pk), "cancelled"),
        (lambda: control.retry(job.pk), "waiting"),
        (lambda: control.remove(job.pk), "removed"),
    ]:
        verb()
        assert last() == (word, [job.pk])


def test_what_is_done_to_a_queue_is_told():
    waiting = enqueue_many([ACT] * 2)
    done = enqueue(ACT)
    control.cancel(done.pk)
    for verb, told in [
        (lambda: queue_control.pause(QUEUE), ("paused", [])),
        (lambda: queue_control.resume(QUEUE), ("resumed", [])),
        (lambda: queue_control.set_cap(QUEUE, 5), ("changed", [])),
        (lambda: queue_control.drain(QUEUE), ("removed", waiting)),
        (lambda: queue_control.clean(QUEUE, "cancelled"), ("removed", [done.pk])),
    ]:
        verb()
        assert last() == told


@pytest.mark.parametrize(
    ("verb", "state", "value", "word"),
    [
        ("cancel", State.DELAYED, None, "cancelled"),
        ("remove", State.FAILED, None, "removed"),
        ("priority", State.WAITING, 5, "changed"),
    ],
)
def test_a_verb_for_many_jobs_is_told_once_for_all_of_them(verb, state, value, word):
    ids = jobs_in(*[state] * 3)
    carry_out(bulk.begin(verb, OURS, value))
    assert (word, ids, 3) in said()


def test_a_verb_that_is_rolled_back_is_not_told():
    job = enqueue(ACT, delay=60)
    with transaction.atomic():
        control.cancel(job.pk)
        queue_control.pause(QUEUE)
        transaction.set_rollback(True)
    assert said() == [("delayed", [job.pk], 1)]


def test_maintenance_tells_what_it_ends():
    late = enqueue(ACT, timeout=1, attempts=1)
    claimed(late)
    Job.objects.filter(pk=late.pk).update(started_at=Now() - timedelta(seconds=5))
    timeouts.run_once()
    dead = enqueue(ACT)
    claimed(dead)
    Job.objects.filter(pk=dead.pk).update(crashes=MAX_CRASHES)
    let_leases_run_out()
    rescue.run_once()
    happenings.run_once()
    assert said()[-1] == ("failed", [late.pk, dead.pk], 2)


def test_a_stream_that_cannot_be_written_keeps_no_hint_back():
    producer().set(STREAM, "no stream")
    job = enqueue(ACT)
    publish([RUNS])
    assert not hints.breaker.is_open
    assert hints.pop({QUEUE: 1}) == [job.pk]


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_without_redis_nothing_changes_for_jobs(own_redis, fault):
    getattr(own_redis, fault)()
    hints.breaker.open(0)
    started = time.monotonic()
    publish([RUNS])
    publish([RUNS])
    # One timeout, and the second does not even ask.
    assert time.monotonic() - started < 0.25
    job, other = enqueue(ACT), enqueue(ACT, delay=60)
    control.cancel(other.pk)
    queue_control.pause("notifications")
    run_all()
    assert Job.objects.get(pk=job.pk).state == State.COMPLETED
    assert happenings.run_once() == 0
