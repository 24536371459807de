"""Redis that is down, hangs, is flushed, or holds rubbish."""

from __future__ import annotations

import time

import pytest
from django.db import transaction

from queues.enqueue import enqueue
from queues.models import Job
from queues.states import State
from tests.jobs import QUEUE, Act
from tests.wait import until

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]
ACT = Act(what="return")


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_enqueue_answers_quickly_without_redis_and_the_job_runs(
    own_redis, start_worker, wait_for, fault
):
    getattr(own_redis, fault)()
    started = time.monotonic()
    jobs = [enqueue(ACT) for _ in range(5)]
    assert time.monotonic() - started < 0.3
    start_worker().ready()
    for job in jobs:
        wait_for(job, State.COMPLETED)


def test_jobs_that_wait_survive_a_flush(own_redis, start_worker, wait_for):
    jobs = [enqueue(ACT, priority=n % 3) for n in range(50)]
    own_redis.client.flushall()
    start_worker().ready()
    until(lambda: not Job.objects.exclude(state="completed").exists(), what="all to complete")
    assert jobs


def test_a_worker_outlives_redis_and_is_listed_again(own_redis, start_worker, wait_for):
    worker = start_worker().ready()
    until(lambda: own_redis.client.scard("rq:workers") == 1, what="the worker to be listed")
    own_redis.kill()
    wait_for(enqueue(ACT), State.COMPLETED)
    own_redis.start()
    wait_for(enqueue(ACT), State.COMPLETED)
    until(lambda: own_redis.client.scard("rq:workers") == 1, seconds=20, what="the new listing")
    assert worker.process.poll() is None


def test_rubbish_in_redis_does_not_stop_a_worker(own_redis, start_worker, wait_for):
    redis = own_redis.client
    redis.rpush(f"rq:queue:{QUEUE}", "rubbish", "", "\xff", "-1", "9" * 400, "1e3", "0")
    redis.hset("rq:job:7", mapping={"created_at": "never", "data": b"\x80\x04pickle"})
    redis.rpush(f"rq:queue:{QUEUE}", "7")
    redis.set(f"rq:queue:{QUEUE}:prioritised", "no sorted set")
    worker = start_worker().ready()
    wait_for(enqueue(ACT), State.COMPLETED)
    assert worker.process.poll() is None


def test_a_committed_job_is_not_undone_by_a_redis_error(own_redis, transactional_db):
    own_redis.kill()
    with transaction.atomic():
        job = enqueue(ACT)
    assert Job.objects.filter(pk=job.pk, state=State.WAITING).exists()
