"""Workers that die, freeze, or are handed the same job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from queues.enqueue import enqueue
from queues.models import Job, Worker
from queues.states import State
from queues.transport.hints import Hint, push
from tests.jobs import QUEUE, Note, lines
from tests.processes import ROOT, environment
from tests.wait import until

pytestmark = pytest.mark.acceptance


def test_the_job_of_a_killed_worker_runs_again_within_20_seconds(start_worker, tmp_path, wait_for):
    worker = start_worker(QUEUE_LEASE_SECONDS=15).ready()
    path = tmp_path / "ledger"
    job = enqueue(Note(path=str(path), text="a", seconds=3))
    until(lambda: lines(path), what="the job to run")
    start_worker(QUEUE_LEASE_SECONDS=15).ready()
    worker.signal(signal.SIGKILL)
    killed = time.monotonic()
    until(lambda: lines(path).count("start a") == 2, seconds=20, what="the second run")
    assert time.monotonic() - killed < 20
    done = wait_for(job, State.COMPLETED)
    assert (done.attempt, done.crashes) == (1, 1)
    assert lines(path) == ["start a", "start a", "end a"]


def test_a_worker_that_froze_beyond_its_lease_changes_nothing(start_worker, tmp_path, wait_for):
    frozen = start_worker().ready()
    path = tmp_path / "ledger"
    job = enqueue(Note(path=str(path), text="a", seconds=2))
    until(lambda: lines(path), what="the job to run")
    frozen.signal(signal.SIGSTOP)
    start_worker().ready()
    done = wait_for(job, State.COMPLETED)
    frozen.signal(signal.SIGCONT)
    until(lambda: "had gone to somebody else" in frozen.log.read_text(), what="the late end")
    again = Job.objects.get(pk=job.pk)
    assert (again.token, again.finished_at) == (done.token, done.finished_at)
    until(lambda: Worker.objects.count() == 2, what="the frozen worker's new lease")


def test_a_job_offered_to_two_workers_many_times_runs_once(start_worker, tmp_path, wait_for):
    for _ in range(2):
        start_worker().ready()
    path = tmp_path / "ledger"
    jobs = [enqueue(Note(path=str(path), text=str(n), seconds=0.1)) for n in range(10)]
    push(Hint(id=job.pk, queue=QUEUE) for _ in range(20) for job in jobs)
    for job in jobs:
        wait_for(job, State.COMPLETED)
    assert sorted(lines(path)) == sorted(
        f"{word} {n}" for n in range(10) for word in ("start", "end")
    )


def test_a_stock_rq_worker_can_run_a_job(transactional_db, tmp_path, wait_for):
    path = tmp_path / "ledger"
    job = enqueue(Note(path=str(path), text="a"))
    variables = environment()
    code = "import django; django.setup(); import sys; from rq.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "worker", "--burst", "--url", variables["REDIS_URL"]]
    options = ["--job-class", "queues.transport.job.HubJob", "--serializer", "json"]
    subprocess.run([*command, *options, QUEUE], cwd=ROOT, env=variables, timeout=60, check=True)
    assert wait_for(job, State.COMPLETED).result == "a"
    assert lines(path) == ["start a", "end a"]
    assert os.getpid() not in Worker.objects.values_list("pid", flat=True)
