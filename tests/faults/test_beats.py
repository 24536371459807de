"""A worker's lease is renewed while its interpreter is busy, and not while it cannot go on."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from queues.enqueue import enqueue
from queues.models import Attempt, Job, Worker
from queues.states import State
from tests.fault_jobs import Hog
from tests.jobs import Note, lines
from tests.wait import until

pytestmark = pytest.mark.acceptance


def beat_process(worker):
    """Return the id of the process that beats for a worker."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if (
                parent == worker.process.pid
                and b"beat_process" in (folder / "cmdline").read_bytes()
            ):
                return int(folder.name)
    return None


def is_running(pid):
    with suppress(FileNotFoundError, ProcessLookupError):
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_handler_that_holds_the_interpreter_beyond_the_lease_costs_nobody_anything(
    start_worker, wait_for, tmp_path
):
    worker = start_worker().ready()
    paths = [str(tmp_path / name) for name in ("hog", "note")]
    hog = enqueue(Hog(path=paths[0], seconds=5))
    notes = [enqueue(Note(path=paths[1], text=str(n), seconds=1)) for n in range(8)]
    until(lambda: len(lines(paths[0])) == 1, what="the hog to run")
    start_worker().ready()
    for job in (hog, *notes):
        done = wait_for(job, State.COMPLETED, seconds=60)
        assert (done.attempt, done.token, done.crashes) == (1, 1, 0)
    assert lines(paths[0]) == ["begun", "over"]
    assert worker.process.poll() is None
    assert not Attempt.objects.exists()


def test_the_job_of_a_killed_worker_runs_again_long_before_its_lease_is_over(
    start_worker, tmp_path
):
    worker = start_worker(QUEUE_LEASE_SECONDS=60).ready()
    path = tmp_path / "ledger"
    enqueue(Note(path=str(path), text="a", seconds=3))
    until(lambda: lines(path), what="the job to run")
    pid = until(lambda: beat_process(worker), what="the process that beats")
    until(lambda: Worker.objects.filter(expires_at__isnull=False), what="the lease")
    # The next one has just begun to see Postgres.
    worker.signal(signal.SIGKILL).wait()
    until(lambda: not is_running(pid), seconds=5, what="the beats to end")
    start_worker(QUEUE_LEASE_SECONDS=60).ready()
    until(lambda: lines(path).count("start a") == 2, seconds=15, what="the second run")


def test_the_process_that_beats_is_replaced_when_it_dies(start_worker):
    worker = start_worker().ready()
    first = until(lambda: beat_process(worker), what="the process that beats")
    os.kill(first, signal.SIGKILL)
    second = until(lambda: beat_process(worker) not in {None, first} and beat_process(worker))
    lease = Worker.objects.get()
    until(lambda: Worker.objects.get().beat_at > lease.beat_at, what="the next beat")
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert not is_running(second)
    assert not Worker.objects.exists()


def test_a_worker_that_comes_back_does_not_leave_a_crash_behind(start_worker, wait_for, tmp_path):
    frozen = start_worker().ready()
    path = tmp_path / "ledger"
    job = enqueue(Note(path=str(path), text="a", seconds=2))
    until(lambda: lines(path), what="the job to run")
    frozen.signal(signal.SIGSTOP)
    until(lambda: len(Worker.objects.all()) == 1, what="the lease")
    start_worker().ready()
    until(lambda: Job.objects.get(pk=job.pk).crashes == 1, what="the rescue")
    frozen.signal(signal.SIGCONT)
    until(lambda: "had gone to somebody else" in frozen.log.read_text(), what="the late end")
    assert wait_for(job, State.COMPLETED).crashes == 0
    until(lambda: Attempt.objects.get().outcome == "worker lost", what="the attempt's outcome")
