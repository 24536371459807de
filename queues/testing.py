"""For the tests of other apps: what was enqueued, and running it here and now.

Jobs run in the calling thread, without a worker and without Redis' help; nothing is patched. The
functions see what the current transaction sees, so they work in ordinary tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from psycopg.pq import TransactionStatus

from queues import leases, registry
from queues.atomic import perform_atomic
from queues.calling import call
from queues.claims import Claim, claim_one
from queues.endings import Waits
from queues.models import Job
from queues.parking import park
from queues.recorder import AttemptRecorder
from queues.settle import settle
from queues.settlement import settlement_of
from queues.states import LIVE, State
from queues.upgrades import read

if TYPE_CHECKING:
    from queues.arguments import Arguments
    from queues.endings import Ending
    from queues.registry import Spec

MAX_RUNS = 1000


def run_job(job: Job) -> Job:
    """Run one attempt of a waiting or delayed job now, and return the job as it is afterwards.

    Pauses, limits and rates do not count here. Raises AssertionError if the job does not wait. What
    its handler raises is settled as a worker would, not raised.
    """
    Job.objects.filter(pk=job.pk, state=State.DELAYED).update(state=State.WAITING)
    worker_id = leases.register("testing", {job.queue: 1}, version="")
    try:
        claim = claim_one(worker_id, job.pk)
        if claim is None:
            raise AssertionError(f"{job} does not wait: it is {Job.objects.get(pk=job.pk).state}.")
        _run(claim)
    finally:
        leases.retire(worker_id)
    return Job.objects.get(pk=job.pk)


def run_all(*, delayed: bool = False) -> list[Job]:
    """Run what waits, in order of service, and what that enqueues; with `delayed`, that too.

    Pauses, limits and rates do not count here.
    Returns the jobs as they were after each attempt. Raises AssertionError after 1,000 attempts.
    """
    states = [State.WAITING, *([State.DELAYED] if delayed else [])]
    waiting = Job.objects.filter(state__in=states, kind__in=registry.kinds())
    done: list[Job] = []
    while job := waiting.order_by("-front", "priority", "run_at", "id").first():
        done.append(run_job(job))
        if len(done) > MAX_RUNS:
            raise AssertionError(f"More than {MAX_RUNS} attempts; does a job enqueue itself?")
    return done


def enqueued(arguments: type[Arguments], **fields: Any) -> list[Job]:
    """Return the unfinished jobs of a kind whose arguments have these values, oldest first."""
    jobs = Job.objects.filter(kind=arguments.kind, state__in=LIVE)
    return [
        job
        for job in jobs.order_by("id")
        if _fits(read(arguments, dict(job.payload), job.payload_version), fields)
    ]


def assert_enqueued(arguments: type[Arguments], *, count: int | None = None, **fields: Any) -> Job:
    """Return the first such job; AssertionError if there is none, or not `count` of them."""
    found = enqueued(arguments, **fields)
    wanted = "at least one" if count is None else str(count)
    if not found or (count is not None and len(found) != count):
        others = [job.payload for job in Job.objects.filter(kind=arguments.kind).order_by("id")]
        raise AssertionError(
            f"{len(found)} jobs of {arguments.kind} with {fields}, not {wanted}; of: {others}"
        )
    return found[0]


def assert_not_enqueued(arguments: type[Arguments], **fields: Any) -> None:
    """Raise AssertionError if there is such a job."""
    if found := enqueued(arguments, **fields):
        raise AssertionError(f"{len(found)} jobs of {arguments.kind} with {fields}, not none.")


def _run(claim: Claim) -> None:
    spec = registry.get(claim.kind)
    recorder = AttemptRecorder(claim, depth=len(connection.atomic_blocks))
    if spec.atomic:
        ending, verdict = perform_atomic(spec, claim, recorder)
    else:
        ending, verdict = _call(spec, claim, recorder), None
    if isinstance(ending, Waits):
        ending, verdict = park(claim, ending)
    if verdict is None and (settlement := settlement_of(claim, ending)):
        settle([settlement])


def _call(spec: Spec, claim: Claim, recorder: AttemptRecorder) -> Ending:
    """Call the handler. If it breaks the test's transaction, what it wrote is rolled back."""
    before = transaction.savepoint() if connection.in_atomic_block else None
    ending = call(spec, claim, recorder)
    if before and _is_broken():
        transaction.set_rollback(False)
        transaction.savepoint_rollback(before)
    elif before:
        transaction.savepoint_commit(before)
    recorder.flush()
    return ending


def _is_broken() -> bool:
    status = connection.connection.info.transaction_status
    return connection.needs_rollback or status is TransactionStatus.INERROR


def _fits(arguments: Arguments, fields: dict[str, Any]) -> bool:
    return all(getattr(arguments, name) == value for name, value in fields.items())
