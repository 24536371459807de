"""Somebody holds the rows of jobs and does nothing. Duties and settlers leave them out."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now

from queues import schedules
from queues.enqueue import enqueue
from queues.models import Job, Operation, Schedule, Worker
from queues.states import State
from queues.unique import Mode, Unique
from tests.blocking import Blocker
from tests.jobs import QUEUE, Act, Note, Notify, lines
from tests.life_jobs import Await
from tests.lock_jobs import Ask, Index
from tests.wait import until

pytestmark = pytest.mark.acceptance
ACT = Act(what="return")


def lock(job):
    return Blocker(f"SELECT FROM queues_job WHERE id = {job.pk} FOR UPDATE")


def begun(path):
    return until(lambda: lines(path), what="the job to run")


def test_a_locked_job_does_not_keep_its_workers_other_jobs_from_being_settled(
    start_worker, tmp_path, wait_for
):
    start_worker().ready()
    path = tmp_path / "ledger"
    held = enqueue(Index(path=str(path)))
    begun(path)
    with lock(held):
        Path(f"{path}.go").touch()
        for failing in (ACT, Act(what="fail"), Act(what="raise")):
            state = State.COMPLETED if failing is ACT else State.FAILED
            wait_for(enqueue(failing, attempts=1), state)
        assert Job.objects.get(pk=held.pk).state == State.ACTIVE
    done = wait_for(held, State.COMPLETED)
    assert (done.token, lines(path)) == (1, ["indexes"])


def test_a_locked_job_halts_no_duty(start_worker, tmp_path, wait_for):
    start_worker().ready()
    path = tmp_path / "ledger"
    overdue = [enqueue(Await(path=str(path)), timeout=10) for _ in range(3)]
    until(lambda: len(lines(path)) == 3, what="the jobs to run")
    with lock(overdue[0]):
        for job in overdue[1:]:
            assert wait_for(job, State.FAILED, seconds=20).cause == "timeout"
        wait_for(enqueue(ACT, delay=0.1), State.COMPLETED)
        assert Job.objects.get(pk=overdue[0].pk).state == State.ACTIVE
    wait_for(overdue[0], State.FAILED)


def test_a_locked_job_of_a_dead_worker_does_not_keep_its_others_from_being_rescued(
    start_worker, tmp_path, wait_for
):
    dead = start_worker().ready()
    path, other = tmp_path / "ledger", tmp_path / "other"
    held = enqueue(Await(path=str(path)))
    free = enqueue(Note(path=str(other), text="a", seconds=60))
    begun(path)
    begun(other)
    with lock(held):
        dead.signal(signal.SIGKILL)
        start_worker().ready()
        until(lambda: lines(other) == ["start a"] * 2, what="the free job's second run")
        assert Job.objects.get(pk=held.pk).worker_id is not None
    until(lambda: lines(path) == ["begun"] * 2, what="the locked job's second run")
    rescued = Job.objects.get(pk=free.pk)
    assert (rescued.crashes, rescued.is_suspect) == (0, True)
    until(lambda: Worker.objects.count() == 1, what="the dead worker's row to be gone")


def test_a_worker_that_is_told_to_stop_hands_back_what_is_not_locked(start_worker, tmp_path):
    worker = start_worker(QUEUE_GRACE_SECONDS=1).ready()
    path = tmp_path / "ledger"
    held, free = enqueue(Await(path=str(path))), enqueue(Await(path=str(path)))
    until(lambda: len(lines(path)) == 2, what="both to run")
    with lock(held):
        worker.signal(signal.SIGTERM)
        assert worker.wait(seconds=10) == 0
        states = dict(Job.objects.values_list("pk", "state"))
        assert states == {held.pk: State.ACTIVE, free.pk: State.WAITING}


def test_an_atomic_handler_that_enqueues_keep_last_does_not_stall_its_worker(
    start_worker, tmp_path, wait_for
):
    start_worker().ready()
    path = tmp_path / "ledger"
    first = enqueue(Index(path=str(path)), unique=Unique(key="k", mode=Mode.KEEP_LAST))
    begun(path)
    asking = enqueue(Ask(path=str(path)))
    until(lambda: "asked: kept" in lines(path), what="the handler to ask")
    Path(f"{path}.go").touch()
    for _ in range(5):
        wait_for(enqueue(ACT), State.COMPLETED)
    Path(f"{path}.asked").touch()
    for job in (asking, first):
        wait_for(job, State.COMPLETED)
    until(lambda: lines(path).count("indexes") == 2, what="what was kept to follow")


def test_a_schedule_whose_last_job_is_locked_does_not_hold_up_the_others(
    start_worker, tmp_path, wait_for
):
    path = tmp_path / "ledger"
    start_worker("--slots", f"{QUEUE}=1").ready()
    running = enqueue(Await(path=str(path)))
    begun(path)
    schedules.upsert("first", ACT, every=3600, overlap="replace")
    earlier = until(lambda: Job.objects.exclude(pk=running.pk).first(), what="the first tick")
    with lock(earlier):
        # Behind it in the order of ticks.
        schedules.upsert("second", Notify(path=str(tmp_path / "other"), text="tick"), every=3600)
        Schedule.objects.filter(name="first").update(next_at=Now() - timedelta(seconds=30))
        until(lambda: lines(tmp_path / "other"), what="the second schedule's tick")
    until(lambda: Job.objects.filter(pk=earlier.pk, state="cancelled").exists(), what="the tick")
    assert not Operation.objects.exists()
