"""What is counted as a crash of a job, and for how long."""

from __future__ import annotations

import signal

import pytest

from queues.conf import MAX_CRASHES
from queues.enqueue import enqueue
from queues.models import Job
from tests.fault_jobs import Poll
from tests.jobs import lines
from tests.wait import until

pytestmark = pytest.mark.acceptance


def test_a_poller_that_snoozes_between_them_outlives_any_number_of_crashes(start_worker, tmp_path):
    path = tmp_path / "ledger"
    job = enqueue(Poll(path=str(path), seconds=0.5))
    for deploys in range(1, MAX_CRASHES + 3):
        worker = start_worker().ready()
        seen = len(lines(path))
        # At least one run that ends, and then one that the kill interrupts.
        until(lambda seen=seen: len(lines(path)) >= seen + 2, what="the poller to run")
        until(lambda: Job.objects.filter(state="active"), what="the poller to be under way")
        worker.signal(signal.SIGKILL).wait()
        start = Job.objects.get(pk=job.pk)
        assert start.state != "failed", f"after {deploys} deploys"
    start_worker().ready()
    until(lambda: Job.objects.get(pk=job.pk).crashes == 0, what="a run that ends")
