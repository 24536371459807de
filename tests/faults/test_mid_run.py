"""Faults while hundreds of jobs run: nothing is lost, and each job is settled once."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from django.db import connection

from queues.enqueue import enqueue, enqueue_many
from queues.models import Attempt, Job
from queues.states import State
from tests.jobs import Note, lines
from tests.journal import Journal
from tests.life_jobs import Await, AwaitApart, AwaitAtomic
from tests.wait import until

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]
NUMBER = 300
# Whoever was alone in its worker is charged.
RESCUED = ["crashed", "worker lost"]


@pytest.fixture
def under_way(tmp_path, start_worker):
    """Begin a run of 300 jobs on two workers, and return its ledger and its workers.

    In the end each job must have been settled once, by legal moves alone.
    """

    def begin():
        path = tmp_path / "ledger"
        options = {"keep_completed": False, "attempts": 5, "backoff": 100}
        enqueue_many(
            [(Note(path=str(path), text=str(n), seconds=0.15), options) for n in range(NUMBER)]
        )
        workers = [start_worker(PGAPPNAME="victim") for _ in range(2)]
        until(lambda: len(lines(path)) > 30, what="the run to be under way")
        return path, workers

    with Journal() as journal:
        yield begin
        journal.check(Job.objects.values_list("pk", flat=True))


def stop_in_the_midst(worker):
    """Freeze a worker while it holds jobs."""

    def holds():
        worker.signal(signal.SIGSTOP)
        if Job.objects.filter(worker__pid=worker.process.pid, state="active").exists():
            return True
        worker.signal(signal.SIGCONT)
        return False

    until(holds, what="the worker to hold jobs")


def check(path, *, reruns):
    """Every job completed; `reruns` says whether some may have begun twice."""
    until(
        lambda: Job.objects.filter(state="completed").count() == NUMBER,
        seconds=60,
        what="all to complete",
    )
    begun = [line for line in lines(path) if line.startswith("start")]
    assert {line.split()[1] for line in begun} == {str(n) for n in range(NUMBER)}
    if not reruns:
        assert len(begun) == NUMBER
    # One claim for each beginning, and the last one settled the job.
    assert sum(Job.objects.values_list("token", flat=True)) >= len(begun)


def test_one_of_two_workers_is_killed(under_way):
    path, (victim, _) = under_way()
    stop_in_the_midst(victim)
    victim.signal(signal.SIGKILL)
    check(path, reruns=True)
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}
    assert Attempt.objects.filter(outcome__in=RESCUED).exists()


def test_one_of_two_workers_freezes_beyond_its_lease_and_wakes(under_way):
    path, (frozen, _) = under_way()
    stop_in_the_midst(frozen)
    rescued = Attempt.objects.filter(outcome__in=RESCUED)
    until(rescued.exists, what="its jobs to be rescued")
    frozen.signal(signal.SIGCONT)
    check(path, reruns=True)
    assert frozen.process.poll() is None


def test_redis_is_flushed(own_redis, under_way):
    path, workers = under_way()
    own_redis.client.flushall()
    check(path, reruns=False)
    assert all(worker.process.poll() is None for worker in workers)


def test_redis_dies_and_comes_back_empty(own_redis, under_way):
    path, workers = under_way()
    own_redis.kill()
    until(lambda: len(lines(path)) > 150, what="the run to go on without it")
    own_redis.start()
    check(path, reruns=False)
    assert all(worker.process.poll() is None for worker in workers)


@pytest.mark.parametrize("seconds", [0, 2])
def test_the_workers_connections_to_postgres_are_cut(under_way, seconds):
    path, workers = under_way()
    deadline = time.monotonic() + seconds
    while True:
        cut_the_workers()
        if time.monotonic() >= deadline:
            break
    check(path, reruns=True)
    assert all(worker.process.poll() is None for worker in workers)


@pytest.mark.parametrize("kind", [Await, AwaitApart])
def test_a_handler_whose_connection_is_cut_ends_all_the_same(
    start_worker, wait_for, tmp_path, kind
):
    start_worker(PGAPPNAME="victim").ready()
    path = str(tmp_path / "ledger")
    job = enqueue(kind(path=path))
    until(lambda: lines(path), what="the job to run")
    cut_the_workers()
    Path(path + ".go").touch()
    done = wait_for(job, State.COMPLETED)
    assert (done.result, done.attempt, done.crashes) == ("went", 1, 0)
    assert done.progress == {"done": 2, "total": 2, "note": "last"}


def test_an_atomic_handler_whose_connection_is_cut_runs_again_and_loses_no_attempt(
    start_worker, wait_for, tmp_path
):
    start_worker(PGAPPNAME="victim").ready()
    path = str(tmp_path / "ledger")
    job = enqueue(AwaitAtomic(path=path))
    until(lambda: lines(path), what="the job to run")
    cut_the_workers()
    Path(path + ".go").touch()
    done = wait_for(job, State.COMPLETED)
    assert (done.attempt, done.max_attempts, len(lines(path))) == (1, 1, 2)
    assert done.attempts.get().outcome == "crashed"


def cut_the_workers():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'victim'"
        )
