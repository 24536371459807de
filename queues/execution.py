"""Running one claimed job: call its handler, settle what it did, report."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import DatabaseError, InterfaceError, transaction
from structlog.contextvars import bound_contextvars

from queues import registry, settle
from queues.calling import call
from queues.claims import claim_capped, claim_ids
from queues.conf import get_queues
from queues.database import AWAY, fetch, persist
from queues.endings import (
    TIMED_OUT,
    Crashed,
    Ending,
    Gone,
    Raised,
    Refused,
    Returned,
    Snoozed,
    TimedOut,
    trouble_of,
)
from queues.heartbeat import Heartbeat
from queues.models.job import Cause
from queues.process import call_in_process
from queues.recorder import AttemptRecorder
from queues.reporting import report
from queues.settle import Trouble, Verdict
from queues.statements.maintaining import REMOVE_FINISHED

if TYPE_CHECKING:
    from queues.claims import Claim
    from queues.registry import Spec

log = logging.getLogger(__name__)


class _RollBack(Exception):  # noqa: N818  (leaves a transaction, and goes no further)
    """An atomic handler's effects must not be committed."""

    def __init__(self, ending: Ending) -> None:
        super().__init__()
        self.ending = ending


def run(job_id: int) -> str:
    """Run one waiting job by itself: what RQ calls, so that a stock `rq` worker can help out.

    The id is all that is taken from Redis. Returns the verdict; an id that does not wait is LOST.
    """
    queues = dict.fromkeys(get_queues(), 1)
    with Heartbeat(f"rq-{uuid4().hex}", queues) as lease:
        claims = claim_ids(lease.worker_id, [job_id], queues)
        # A queue with a cap is served in its own order, so it may be another job of it.
        claims = claims or claim_capped(lease.worker_id, queues)[:1]
        return execute(claims[0], AttemptRecorder(claims[0])) if claims else Verdict.LOST


def execute(claim: Claim, recorder: AttemptRecorder) -> Verdict:
    """Run the handler of a claim, settle it and log it. Never raises for what a handler does.

    Must not be called within a transaction. If the database stays away while the claim is
    settled, nothing is known and LOST is returned: the job's own deadline, or its worker's lease,
    brings it back.
    """
    ids = {"job_id": claim.id, "queue": claim.queue, "kind": claim.kind, "attempt": claim.attempt}
    with bound_contextvars(**ids):
        started = time.monotonic()
        try:
            ending, verdict = _perform(registry.get(claim.kind), claim, recorder)
            if verdict is None:
                verdict = persist(lambda: settle_ending(claim, ending))
            _remove_at_once(claim, verdict)
        except AWAY:
            log.exception("Job %s could not be settled: no database", claim.id)
            return Verdict.LOST
        report(claim, verdict, _trouble(ending), time.monotonic() - started)
        return verdict


def settle_ending(claim: Claim, ending: Ending) -> Verdict:  # noqa: PLR0911  (one for each)
    """Write what an ending means for the job."""
    match ending:
        case Returned(result=result):
            return settle.complete(claim, result)
        case Snoozed(seconds=seconds):
            return settle.snooze(claim, seconds)
        case Refused(trouble=trouble) | Raised(trouble=trouble, may_retry=False):
            return settle.give_up(claim, trouble, cause=Cause.REFUSED)
        case Raised(trouble=trouble, wait_ms=wait_ms):
            return settle.fail_attempt(claim, trouble, wait_ms=wait_ms)
        case Crashed(trouble=trouble):
            return settle.crash(claim, trouble)
        case TimedOut():
            return settle.fail_attempt(claim, TIMED_OUT, cause=Cause.TIMEOUT)
        case Gone():
            return Verdict.LOST


def _perform(spec: Spec, claim: Claim, recorder: AttemptRecorder) -> tuple[Ending, Verdict | None]:
    """Return how the handler ended, and the verdict if that is settled already."""
    if spec.run_in == "process":
        return call_in_process(spec, claim, recorder), None
    if spec.atomic:
        return perform_atomic(spec, claim, recorder)
    ending = call(spec, claim, recorder)
    persist(recorder.flush)
    return ending, None


def perform_atomic(
    spec: Spec, claim: Claim, recorder: AttemptRecorder
) -> tuple[Ending, Verdict | None]:
    """Commit the handler's effects together with `completed`, or roll them back."""
    try:
        with transaction.atomic():
            ending = call(spec, claim, recorder)
            if not isinstance(ending, Returned):
                raise _RollBack(ending)
            recorder.flush(in_transaction=True)
            if settle.complete(claim, ending.result) is Verdict.LOST:
                raise _RollBack(Gone())
            return ending, Verdict.COMPLETED
    except _RollBack as leaving:
        persist(recorder.flush)
        return leaving.ending, None
    except (DatabaseError, InterfaceError) as error:
        # A deferred constraint at commit, or a transaction or connection that was broken.
        persist(recorder.flush)
        return Raised(trouble=trouble_of(error), may_retry=spec.retries(error)), None


def _remove_at_once(claim: Claim, verdict: Verdict) -> None:
    """Delete a finished job of which none shall stay."""
    conf = get_queues()[claim.queue]
    for state, own, usual in (
        (Verdict.COMPLETED, claim.keep_completed, conf.keep_completed),
        (Verdict.FAILED, claim.keep_failed, conf.keep_failed),
    ):
        keep = usual.count if own is None else own
        if keep == 0 and verdict is state:
            fetch(REMOVE_FINISHED, {"id": claim.id, "state": state.value})


def _trouble(ending: Ending) -> Trouble | None:
    match ending:
        case Refused(trouble=trouble) | Raised(trouble=trouble) | Crashed(trouble=trouble):
            return trouble
        case TimedOut():
            return TIMED_OUT
        case Snoozed(seconds=seconds):
            return Trouble(error_class="", message=f"for {seconds} s")
        case _:
            return None
