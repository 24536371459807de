"""A worker that is killed in the middle of an operation over many thousand jobs."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from queues import bulk, queue_control
from queues.enqueue import enqueue_many
from queues.filters import parse
from queues.models import AuditEntry, Job, Operation
from tests.jobs import QUEUE, Act
from tests.journal import Journal
from tests.wait import until

pytestmark = pytest.mark.acceptance
MANY = 20_000


def many_jobs(state):
    """Jobs that no worker begins, and that retention leaves alone."""
    queue_control.pause(QUEUE)
    options = {"delay": 3600, "keep_failed": False}
    ids = [id_ for _ in range(2) for id_ in enqueue_many([(Act(what="return"), options)] * 10_000)]
    Job.objects.filter(kind="tests.act").update(state=state)
    return ids


@pytest.mark.parametrize(
    ("verb", "state", "after"), [("retry", "failed", "waiting"), ("cancel", "delayed", "cancelled")]
)
def test_after_a_kill_another_worker_goes_on_exactly_where_it_was(start_worker, verb, state, after):
    ids = many_jobs(state)
    with Journal() as journal:
        worker = start_worker().ready()
        operation = bulk.begin(verb, parse({"state": state, "kind": "tests.act"}))
        until(
            lambda: Operation.objects.get().done > MANY / 10, what="the operation to be under way"
        )
        worker.signal(signal.SIGKILL).wait()
        operation.refresh_from_db()
        assert 0 < operation.done < MANY
        assert moved(journal, state, after).total() == operation.done
        start_worker().ready()
        until(lambda: Operation.objects.filter(state="done").exists(), seconds=60, what="its end")
        assert moved(journal, state, after) == Counter(ids)
    operation.refresh_from_db()
    assert (operation.total, operation.done, operation.passed_over) == (MANY, MANY, 0)
    assert AuditEntry.objects.get(verb=verb).count == MANY


def moved(journal, source, target):
    """How often each job went from one state to the other."""
    return Counter(job_id for job_id, *states, _ in journal.moves() if states == [source, target])
