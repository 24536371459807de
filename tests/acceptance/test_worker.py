"""A real `manage.py rqworker` and what it does to jobs and signals."""

from __future__ import annotations

import signal

import pytest

from queues import queue_control
from queues.enqueue import enqueue, enqueue_many
from queues.models import Attempt, Job, Worker
from queues.states import State
from queues.transport.hints import Hint, push
from tests.jobs import QUEUE, Act, Flaky, Note, Notify, lines
from tests.life_jobs import Sign
from tests.wait import until

pytestmark = pytest.mark.acceptance


def test_jobs_of_every_queue_run_side_by_side(start_worker, tmp_path, wait_for):
    start_worker().ready()
    path = str(tmp_path / "ledger")
    slow = [enqueue(Note(path=path, text=str(n), seconds=0.5)) for n in range(8)]
    mail = enqueue(Notify(path=path, text="mail"))
    for job in [*slow, mail]:
        wait_for(job, State.COMPLETED)
    starts = [line for line in lines(path)[:9] if line.startswith(("start", "mail"))]
    assert len(starts) == 9


def test_a_job_that_fails_twice_is_tried_again_after_its_backoff(start_worker, tmp_path, wait_for):
    start_worker().ready()
    path = tmp_path / "ledger"
    job = enqueue(Flaky(path=str(path), failures=2), backoff={"type": "exponential", "delay": 200})
    done = wait_for(job, State.COMPLETED)
    first, second, third = (float(line) for line in lines(path))
    assert second - first >= 0.2
    assert third - second >= 0.4
    assert (done.attempt, done.token, done.result) == (3, 3, 3)
    assert list(Attempt.objects.values_list("number", "outcome")) == [(1, "failed"), (2, "failed")]


def test_a_delayed_job_starts_when_it_is_due_and_never_before(start_worker, wait_for):
    start_worker().ready()
    done = wait_for(enqueue(Act(what="return"), delay=1), State.COMPLETED)
    assert done.started_at >= done.run_at
    assert (done.started_at - done.run_at).total_seconds() < 1


def test_only_the_newest_finished_jobs_stay(start_worker, wait_for):
    start_worker().ready()
    jobs = [enqueue(Act(what="return")) for _ in range(30)]
    until(lambda: not Job.objects.exclude(state="completed").exists(), what="all to complete")
    until(lambda: Job.objects.count() == 10, what="retention")
    assert Job.objects.filter(pk__in=[job.pk for job in jobs]).count() == 10


def test_sigterm_lets_running_jobs_finish_and_takes_no_new_one(start_worker, tmp_path):
    worker = start_worker().ready()
    path = tmp_path / "ledger"
    running = enqueue(Note(path=str(path), text="a", seconds=2))
    until(lambda: lines(path) == ["start a"], what="the job to run")
    worker.signal(signal.SIGTERM)
    until(lambda: "claims no more" in worker.log.read_text(), what="the worker to hear of it")
    late = enqueue(Note(path=str(path), text="b"))
    assert worker.wait() == 0
    assert lines(path) == ["start a", "end a"]
    assert Job.objects.get(pk=running.pk).state == State.COMPLETED
    assert Job.objects.get(pk=late.pk).state == State.WAITING
    assert not Worker.objects.exists()


@pytest.mark.parametrize(("grace", "signals"), [(1, 1), (60, 2)])
def test_what_does_not_finish_in_time_is_handed_back(start_worker, tmp_path, grace, signals):
    worker = start_worker(QUEUE_GRACE_SECONDS=grace).ready()
    path = tmp_path / "ledger"
    job = enqueue(Note(path=str(path), text="a", seconds=60))
    until(lambda: lines(path), what="the job to run")
    worker.signal(signal.SIGTERM)
    until(lambda: "claims no more" in worker.log.read_text(), what="the first signal to be seen")
    if signals == 2:
        worker.signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    job.refresh_from_db()
    assert (job.state, job.attempt, job.crashes, job.front) == (State.WAITING, 0, 0, True)


def test_burst_runs_what_waits_and_ends(start_worker, tmp_path):
    path = tmp_path / "ledger"
    for n in range(40):
        enqueue(Note(path=str(path), text=str(n)))
    assert start_worker("--burst").wait() == 0
    assert len(lines(path)) == 80


def test_a_burst_ends_although_what_waits_is_paused(start_worker):
    job = enqueue(Act(what="return"))
    queue_control.pause(job.queue)
    assert start_worker("--burst", job.queue).wait() == 0
    assert Job.objects.get().state == State.WAITING


def test_a_burst_runs_what_its_last_job_enqueues(start_worker, tmp_path):
    enqueue_many([Sign() for _ in range(20)])
    assert start_worker("--burst", "--slots", f"{QUEUE}=1").wait() == 0
    assert not Job.objects.exclude(state="completed").exists()


def test_hints_that_are_stale_by_the_thousand_neither_hold_a_job_up_nor_run_it_twice(
    start_worker, tmp_path
):
    path = tmp_path / "ledger"
    job = enqueue(Note(path=str(path), text="a", seconds=3))
    push(Hint(10**9 + n, QUEUE) for n in range(200_000))
    start_worker("--slots", f"{QUEUE}=2", QUEUE).ready()
    until(lambda: lines(path), seconds=3, what="the job to run")
    until(lambda: Job.objects.filter(pk=job.pk, state="completed").exists(), what="its end")
    assert lines(path) == ["start a", "end a"]
    assert Job.objects.get(pk=job.pk).token == 1


def test_max_jobs_is_kept_exactly(start_worker, tmp_path):
    path = tmp_path / "ledger"
    for n in range(10):
        enqueue(Note(path=str(path), text=str(n)))
    assert start_worker("--max-jobs", "3").wait() == 0
    assert len(lines(path)) == 6
    assert Job.objects.filter(state="waiting").count() == 7


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["letters"], "allowed: content-aggregation"),
        (["--serializer", "pickle"], "allowed: json"),
        (["--with-scheduler"], "not needed"),
    ],
)
def test_a_wrong_argument_is_refused_in_words(start_worker, arguments, says):
    worker = start_worker(*arguments)
    assert worker.wait() != 0
    assert says in worker.log.read_text()
