"""Keys of ours that hold something else cost time: no error, no job, and not for ever."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.conf import settings
from django.urls import reverse

from queues import queue_control
from queues.enqueue import enqueue
from queues.models import Job
from queues.states import State
from queues.transport import hints
from queues.transport.client import RedisError, producer
from queues.transport.events import newest
from queues.transport.queue import HubQueue
from tests.jobs import QUEUE, Act
from tests.wait import until
from tests.web import WebProcess

pytestmark = pytest.mark.django_db(transaction=True)
ACT = Act(what="return")
VALUES = {
    "set": ["text"],
    "rpush": ["a"],
    "hset": ["a", "b"],
    "sadd": ["a"],
    "zadd": ["1", "a"],
    "xadd": ["*", "a", "b"],
}
PAGES = [
    "/health",
    "/admin/",
    "/admin/queues/worker/",
    "/api/queue/stats",
    "/api/queue/queues",
    "/api/queue/workers",
    "/api/queue/events",
]


def spoil(kind, *more):
    """Make every key of ours one of this type."""
    keys = ["rq:queues", "rq:workers", "rq:queue-events", *more]
    for name in settings.QUEUES:
        base = f"rq:queue:{name}"
        keys += [base, f"{base}:prioritised", f"{base}:prioritised:count", f"{base}:bell"]
        keys += [f"rq:workers:{name}"]
    for key in keys:
        producer().delete(key)
        producer().execute_command(kind, key, *VALUES[kind])


def is_taken(name):
    """Whether a hint of this queue is pushed and taken."""
    queue = HubQueue.named(name, producer())
    queue.push([hints.Hint(10**9, name), hints.Hint(10**9 + 1, name, priority=3)])
    return hints.pop({name: 100})


def events_come():
    with suppress(RedisError):
        return newest(10).events


@pytest.mark.acceptance
@pytest.mark.parametrize("kind", VALUES)
def test_every_job_runs_although_every_key_is_of_a_wrong_type(start_worker, wait_for, kind):
    worker = start_worker().ready()
    first = wait_for(enqueue(ACT), State.COMPLETED).pk
    spoil(kind, *(f"rq:job:{first + n}" for n in range(1, 20)))
    jobs = [enqueue(ACT, priority=n % 3) for n in range(6)]
    for job in jobs:
        wait_for(job, State.COMPLETED)
    until(events_come, what="events to come again")
    assert worker.process.poll() is None
    worker.end()
    # Hints of jobs that were found in Postgres may lie there still.
    assert {10**9, 10**9 + 1} <= set(is_taken(QUEUE))


@pytest.mark.parametrize("kind", VALUES)
def test_the_first_push_that_fails_mends_the_keys(kind):
    spoil(kind)
    job = enqueue(ACT, priority=3)
    assert Job.objects.get(pk=job.pk).state == State.WAITING
    assert is_taken(QUEUE) == [10**9, 10**9 + 1]


@pytest.mark.parametrize("text", ["text", "1.5", str(2**63 - 1)])
def test_a_counter_that_cannot_count_is_mended(text):
    producer().set(f"rq:queue:{QUEUE}:prioritised:count", text)
    enqueue(ACT, priority=3)
    assert is_taken(QUEUE) == [10**9, 10**9 + 1]


@pytest.mark.parametrize("take", [lambda: hints.pop({QUEUE: 5}), lambda: hints.wait([QUEUE], 1)])
def test_a_worker_mends_what_it_cannot_read(take):
    spoil("hset")
    with pytest.raises(RedisError):
        take()
    assert is_taken(QUEUE) == [10**9, 10**9 + 1]


def test_hints_in_keys_that_are_right_stay_when_another_is_mended():
    hints.push([hints.Hint(7, QUEUE, priority=3)])
    producer().set(f"rq:queue:{QUEUE}", "text")
    with pytest.raises(RedisError):
        hints.pop({QUEUE: 5})
    assert hints.pop({QUEUE: 5}) == [7]


def test_an_operators_verbs_work_all_the_same():
    job = enqueue(ACT, priority=3)
    spoil("set")
    queue_control.set_fair(QUEUE, True)
    queue_control.drain(QUEUE)
    assert not Job.objects.filter(pk=job.pk).exists()


@pytest.mark.acceptance
def test_the_deployed_web_answers_and_takes_jobs(tmp_path, admin_client):
    cookie = f"sessionid={admin_client.cookies['sessionid'].value}"
    web = WebProcess(tmp_path, SECRET_KEY=settings.SECRET_KEY)
    try:
        for kind in VALUES:
            spoil(kind)
            answers = {path: web.ask("GET", path, Cookie=cookie)[0] for path in PAGES}
            events = answers.pop("/api/queue/events")
            assert set(answers.values()) == {200}, answers
            assert events in {200, 503}
            body, json = '{"data": "x"}', "application/json"
            path = reverse("test-simple")
            assert web.ask("POST", path, body, Content_Type=json)[0] in {200, 201, 202}
    finally:
        web.end()
