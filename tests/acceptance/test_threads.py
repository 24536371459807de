"""Deadlines, cancellations and records of jobs that run in threads."""

from __future__ import annotations

import pytest

from queues import control
from queues.enqueue import enqueue
from queues.models import Job, LogLine, Worker
from queues.states import State
from tests.jobs import Note, lines
from tests.life_jobs import Linger
from tests.wait import until

pytestmark = pytest.mark.acceptance


def test_a_thread_is_settled_at_its_deadline_and_writes_nothing_afterwards(
    start_worker, wait_for, tmp_path
):
    start_worker().ready()
    path = tmp_path / "ledger"
    job = enqueue(Linger(path=str(path), seconds=30), timeout=1)
    done = wait_for(job, State.FAILED)
    assert (done.cause, done.attempts.get().outcome) == ("timeout", "timed out")
    assert 1 <= (done.finished_at - done.started_at).total_seconds() < 3
    until(lambda: "heard" in lines(path), what="the handler to hear of it")
    again = Job.objects.get(pk=job.pk)
    assert (again.result, again.finished_at) == (None, done.finished_at)
    assert not LogLine.objects.exists()


def test_a_handler_hears_of_its_cancellation_and_can_write_nothing_more(start_worker, tmp_path):
    start_worker().ready()
    path = tmp_path / "ledger"
    job = enqueue(Linger(path=str(path), seconds=30))
    until(lambda: Job.objects.get().progress, what="the progress of a running job")
    cancelled = control.cancel(job.pk)
    until(lambda: "heard" in lines(path), seconds=3, what="the handler to hear of it")
    assert Job.objects.get().result is None
    assert Job.objects.get().progress == cancelled.progress
    assert not LogLine.objects.exists()


def test_a_worker_with_a_stuck_thread_replaces_itself_after_its_other_jobs(
    start_worker, wait_for, tmp_path
):
    worker = start_worker().ready()
    before = Worker.objects.get().name
    stuck = enqueue(Linger(path=str(tmp_path / "a"), seconds=600, listens=False), timeout=1)
    other = enqueue(Note(path=str(tmp_path / "b"), text="x", seconds=9))
    wait_for(stuck, State.FAILED)
    done = wait_for(other, State.COMPLETED, seconds=20)
    assert (done.attempt, done.crashes) == (1, 0)
    fresh = until(lambda: Worker.objects.exclude(name=before).first(), what="the new lease")
    assert fresh.pid == worker.process.pid
    wait_for(enqueue(Note(path=str(tmp_path / "c"))), State.COMPLETED)
    assert not Worker.objects.filter(name=before).exists()
