"""Jobs in all states, and carrying operations out, as the tests of verbs for many jobs need it."""

from __future__ import annotations

from django.db.models.functions import Now

from queues import leases
from queues.enqueue import enqueue_many
from queues.filters import parse
from queues.maintenance import operations
from queues.models import Job
from queues.states import FINISHED, State
from queues.testing import run_job
from tests.jobs import QUEUE, Act

ACT = Act(what="return")
OURS = parse({"kind": "tests.act"})
FREE = {QUEUE: 100}


def jobs_in(*states, **options):
    """A job in each of the states, in their order."""
    worker_id = leases.register("one", FREE, version="1")
    ids = enqueue_many([(ACT, options)] * len(states))
    for id_, state in zip(ids, states, strict=True):
        Job.objects.filter(pk=id_).update(
            state=state,
            attempt=2,
            token=4,
            started_at=Now(),
            finished_at=Now() if state in FINISHED else None,
            worker=worker_id if state == State.ACTIVE else None,
        )
    return ids


def carry_out(operation):
    """Run the job of an operation, as a worker would, and return the operation after it."""
    assert run_job(Job.objects.get(pk=operation.job_id)).error_message == ""
    operations.run_once()
    operation.refresh_from_db()
    return operation


def counts(operation):
    return (operation.state, operation.total, operation.done, operation.passed_over)
