"""Jobs that kill their workers are found out, and nobody else pays for them."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest
from django.db.models import F

from queues.conf import MAX_CRASHES
from queues.enqueue import enqueue, enqueue_many
from queues.maintenance import prune
from queues.models import Attempt, Job
from queues.states import State
from tests.fault_jobs import Poison
from tests.jobs import Note, lines
from tests.life_jobs import AwaitAtomic
from tests.supervising import Supervisor
from tests.wait import until

pytestmark = pytest.mark.acceptance
KEEP = {"keep_completed": False, "keep_failed": False}
INNOCENTS, POISONS = 200, 4


def mixed():
    """Innocent jobs, and poison spread among them, so that it has company when it dies."""
    jobs = [(Note(path="/dev/null", text=str(n), seconds=0.3), KEEP) for n in range(INNOCENTS)]
    for n in range(POISONS):
        how = "exit" if n % 2 else "segfault"
        jobs.insert(n * INNOCENTS // POISONS, (Poison(how=how), KEEP))
    return jobs


def test_poison_jobs_fail_and_no_innocent_does(start_worker):
    enqueue_many(mixed())
    with Supervisor(start_worker, 2) as workers:
        unfinished = Job.objects.exclude(state__in=["completed", "failed"])
        until(lambda: not unfinished.exists(), seconds=120, what="all to end")
        # None killed more than the one worker with which it was found out.
        assert 1 <= workers.deaths <= POISONS
    innocents = Job.objects.filter(kind="tests.note")
    assert set(innocents.values_list("state", "crashes")) == {("completed", 0)}
    poisons = Job.objects.filter(kind="tests.poison")
    assert (
        list(poisons.values_list("state", "cause", "crashes"))
        == [("failed", "crashed", MAX_CRASHES + 1)] * POISONS
    )
    assert Attempt.objects.filter(job__kind="tests.note", outcome="worker lost").exists()
    assert not Attempt.objects.filter(job__kind="tests.note", outcome="crashed").exists()


def test_who_died_together_runs_again_in_a_process_and_costs_nobody_anything(
    start_worker, wait_for, tmp_path
):
    worker = start_worker().ready()
    path = str(tmp_path / "ledger")
    # One of them atomic: it settles itself, in a process too.
    jobs = [enqueue(AwaitAtomic(path=path)), enqueue(Note(path=path, text="a", seconds=3))]
    until(lambda: len(lines(path)) == 2, what="both to run")
    worker.signal(signal.SIGKILL).wait()
    (tmp_path / "ledger.go").touch()
    worker = start_worker().ready()
    for job, result in zip(jobs, ["went", "a"], strict=True):
        done = wait_for(job, State.COMPLETED, seconds=30)
        assert (done.result, done.attempt, done.crashes, done.is_suspect) == (result, 1, 0, False)
    assert worker.process.poll() is None


def test_what_crashed_is_not_pruned_by_count_for_14_days(start_worker, wait_for):
    with Supervisor(start_worker, 1):
        job = wait_for(enqueue(Poison(how="exit"), keep_failed=0), State.FAILED, seconds=60)
    prune.run_once()
    assert Job.objects.filter(pk=job.pk).exists()
    Job.objects.update(finished_at=F("finished_at") - timedelta(days=14))
    prune.run_once()
    assert not Job.objects.exists()
