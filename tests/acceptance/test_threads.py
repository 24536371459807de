"""Deadlines, cancellations and records of jobs that run in threads."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from queues import control
from queues.enqueue import enqueue
from queues.models import Effect, Job, LogLine, Worker
from queues.states import State
from tests.jobs import Act, Note, lines
from tests.life_jobs import Await, AwaitApart, AwaitAtomic, Linger
from tests.wait import until

pytestmark = pytest.mark.acceptance


def check_nothing_was_written_after(ended, worker, path):
    """Neither result, progress, log line nor effect came after a job's end, though it tried."""
    until(lambda: "had gone to somebody else" in worker.log.read_text(), what="the thread's end")
    assert lines(path) == ["begun", "heard"]
    again = Job.objects.get(pk=ended.pk)
    assert (again.state, again.token, again.finished_at) == (
        ended.state, ended.token, ended.finished_at,
    )  # fmt: skip
    assert (again.result, again.progress["note"]) == (None, "lingering")
    assert not LogLine.objects.exists()
    assert not Effect.objects.exists()


@pytest.mark.parametrize("kind", [Await, AwaitApart])
def test_progress_and_log_lines_are_read_while_a_job_runs(start_worker, wait_for, tmp_path, kind):
    start_worker().ready()
    path = str(tmp_path / "ledger")
    job = enqueue(kind(path=path))
    until(lambda: lines(path), what="the job to run")
    running = Job.objects.get(pk=job.pk)
    assert (running.state, running.progress["done"]) == (State.ACTIVE, 1)
    assert LogLine.objects.get().text == "waits"
    Path(path + ".go").touch()
    assert wait_for(job, State.COMPLETED).progress == {"done": 2, "total": 2, "note": "last"}


def test_an_atomic_handler_that_hangs_stops_nobody_else(start_worker, wait_for, tmp_path):
    """Its transaction is open all the while, and its progress must not lock its job's row."""
    start_worker().ready()
    path = str(tmp_path / "ledger")
    late = enqueue(AwaitAtomic(path=path), timeout=1)
    cancelled = enqueue(AwaitAtomic(path=path))
    until(lambda: len(lines(path)) == 2, what="both to run")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
    control.cancel(cancelled.pk)
    assert wait_for(late, State.FAILED, seconds=5).cause == "timeout"
    wait_for(enqueue(Act(what="return"), delay=1), State.COMPLETED, seconds=5)
    Path(path + ".go").touch()
    done = wait_for(enqueue(AwaitAtomic(path=path)), State.COMPLETED)
    assert done.progress == {"done": 2, "total": 2, "note": "last"}


def test_a_thread_is_settled_at_its_deadline_and_writes_nothing_afterwards(
    start_worker, wait_for, tmp_path
):
    worker = start_worker().ready()
    path = tmp_path / "ledger"
    job = enqueue(Linger(path=str(path), seconds=30), timeout=1)
    done = wait_for(job, State.FAILED)
    assert (done.cause, done.attempts.get().outcome) == ("timeout", "timed out")
    assert 1 <= (done.finished_at - done.started_at).total_seconds() < 2.5
    check_nothing_was_written_after(done, worker, path)


def test_a_handler_hears_of_its_cancellation_and_can_write_nothing_more(start_worker, tmp_path):
    worker = start_worker().ready()
    path = tmp_path / "ledger"
    job = enqueue(Linger(path=str(path), seconds=30))
    until(lambda: Job.objects.get().progress, what="the progress of a running job")
    cancelled = control.cancel(job.pk)
    until(lambda: "heard" in lines(path), seconds=2.5, what="the handler to hear of it")
    check_nothing_was_written_after(cancelled, worker, path)


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


def test_a_worker_with_a_stuck_thread_waits_no_longer_than_the_grace_for_its_other_jobs(
    start_worker, wait_for, tmp_path
):
    start_worker(QUEUE_GRACE_SECONDS=1).ready()
    path = str(tmp_path / "long")
    stuck = enqueue(Linger(path=str(tmp_path / "a"), seconds=600, listens=False))
    other = enqueue(Await(path=path))
    until(lambda: lines(path) and lines(tmp_path / "a"), what="both to run")
    control.cancel(stuck.pk)
    until(lambda: len(lines(path)) == 2, seconds=20, what="the other to begin anew")
    Path(path + ".go").touch()
    done = wait_for(other, State.COMPLETED)
    assert (done.attempt, done.crashes, done.attempts.count()) == (1, 0, 0)
