"""Somebody holds a lock and does nothing. It costs what is locked, and nothing else."""

from __future__ import annotations

import signal

import pytest

from queues import limits, queue_control
from queues.enqueue import enqueue, enqueue_many
from queues.models import Job
from queues.rate import Rate
from queues.states import State
from tests.blocking import Blocker
from tests.jobs import QUEUE, Act, Note, Notify, lines
from tests.locks import somebody_waits_for_a_lock
from tests.wait import until

pytestmark = pytest.mark.acceptance
ACT = Act(what="return")
LOCK_THE_QUEUE = f"SELECT FROM queues_queuecontrol WHERE name = '{QUEUE}' FOR UPDATE"


def test_a_limited_queue_that_is_locked_costs_that_queue_alone(start_worker, tmp_path, wait_for):
    queue_control.set_cap(QUEUE, 5)
    queue_control.set_rate("notifications", Rate(count=1000, per=1))
    workers = [start_worker().ready() for _ in range(2)]
    with Blocker(LOCK_THE_QUEUE):
        held = enqueue(ACT)
        path = tmp_path / "ledger"
        for number in range(20):
            enqueue(Notify(path=str(path), text=str(number)))
        until(lambda: len(lines(path)) == 20, what="the other queue's jobs")
        # While nobody can tell how many of its jobs run, none of them begins.
        assert Job.objects.get(pk=held.pk).state == State.WAITING
    wait_for(held, State.COMPLETED)
    assert [worker.process.poll() for worker in workers] == [None, None]


def test_a_worker_hears_sigterm_while_a_limited_queue_is_locked(start_worker):
    queue_control.set_cap(QUEUE, 5)
    worker = start_worker().ready()
    with Blocker(LOCK_THE_QUEUE):
        enqueue(ACT)
        other = enqueue(Notify(path="/dev/null"))
        done = Job.objects.filter(pk=other.pk, state=State.COMPLETED)
        # A worker that is held up by the lock is so by then.
        until(lambda: done.exists() or somebody_waits_for_a_lock(), what="the worker to try")
        worker.signal(signal.SIGTERM)
        assert worker.wait(seconds=10) == 0


def test_a_worker_hears_sigterm_while_the_whole_table_is_locked(start_worker):
    worker = start_worker().ready()
    with Blocker("LOCK TABLE queues_job IN ACCESS EXCLUSIVE MODE"):
        until(lambda: "locked out" in worker.log.read_text(), what="the worker to be locked out")
        worker.signal(signal.SIGTERM)
        assert worker.wait(seconds=15) == 0


def test_a_key_that_is_locked_costs_its_own_jobs_alone(start_worker, wait_for):
    limits.set_limit("x", concurrency=2)
    wait_for_row = start_worker().ready()
    wait_for(enqueue(ACT, limit_key="x"), State.COMPLETED)
    with Blocker("SELECT FROM queues_limitkey WHERE key = 'x' FOR UPDATE"):
        held = enqueue(ACT, limit_key="x")
        for job in [enqueue(ACT, limit_key="y"), enqueue(ACT)]:
            wait_for(job, State.COMPLETED)
        assert Job.objects.get(pk=held.pk).state == State.WAITING
    wait_for(held, State.COMPLETED)
    assert wait_for_row.process.poll() is None


def test_a_worker_that_freezes_with_the_locks_of_a_limited_queue_stops_nobody(
    start_worker, tmp_path
):
    queue_control.set_cap(QUEUE, 3)
    flag = tmp_path / "stopped"
    frozen = start_worker(TESTS_STOP_AT=f"turn:{flag}").ready()
    path, other = tmp_path / "ledger", tmp_path / "other"
    enqueue_many([Note(path=str(path), text=str(n)) for n in range(10)])
    until(flag.exists, what="the worker to freeze in its claim")
    healthy = start_worker().ready()
    enqueue(Notify(path=str(other), text="a"))
    until(lambda: lines(other), what="the other queue's job")
    # Its transaction is ended after half a lease, of three seconds here.
    until(lambda: len(lines(path)) == 20, what="the limited queue's jobs")
    frozen.signal(signal.SIGCONT)
    for worker in (frozen, healthy):
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    assert sorted(lines(path)) == sorted(
        f"{word} {n}" for word in ("start", "end") for n in range(10)
    )
