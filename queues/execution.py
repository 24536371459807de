"""Running one claimed job: perform, settle, report. The one `except Exception` of the project."""

from __future__ import annotations

import logging
import time
import traceback
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from django.db import InterfaceError, OperationalError, connection
from structlog.contextvars import bound_contextvars

from queues import registry, settle
from queues.arguments import ArgumentsError
from queues.claims import claim_ids
from queues.conf import get_queues
from queues.context import Context
from queues.heartbeat import Heartbeat
from queues.models.job import Cause
from queues.outcomes import Fail, Snooze
from queues.reporting import report
from queues.results import ResultError, check_result
from queues.settle import Trouble, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from queues.claims import Claim

log = logging.getLogger(__name__)
T = TypeVar("T")

SETTLE_AGAIN_SECONDS = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


def run(job_id: int) -> str:
    """Run one waiting job by itself: what RQ calls, so that a stock `rq` worker can help out.

    The id is all that is taken from Redis. Returns the verdict; an id that does not wait is LOST.
    """
    with Heartbeat(f"rq-{uuid4().hex}", dict.fromkeys(get_queues(), 1)) as lease:
        claims = claim_ids(lease.worker_id, [job_id], get_queues())
        return execute(claims[0]) if claims else Verdict.LOST


def execute(claim: Claim) -> Verdict:
    """Run the handler of a claim, settle it and log it. Never raises for what a handler does.

    Must not be called within a transaction. If the database stays away while the claim is
    settled, nothing is known and LOST is returned: the job's own deadline, or its worker's lease,
    brings it back.
    """
    ids = {"job_id": claim.id, "queue": claim.queue, "kind": claim.kind, "attempt": claim.attempt}
    with bound_contextvars(**ids):
        started = time.monotonic()
        settling, trouble = _perform(claim)
        try:
            verdict = _persist(settling)
        except (OperationalError, InterfaceError):
            log.exception("Job %s could not be settled: no database", claim.id)
            return Verdict.LOST
        report(claim, verdict, trouble, time.monotonic() - started)
        return verdict


def _perform(claim: Claim) -> tuple[Callable[[], Verdict], Trouble | None]:
    """Call the handler and return how to settle what it did."""
    try:
        result = check_result(_call(claim))
    except Snooze as outcome:
        seconds = outcome.seconds
        note = Trouble.of(error_class="", message=str(outcome))
        return lambda: settle.snooze(claim, seconds), note
    except (Fail, ArgumentsError, ResultError) as error:
        trouble = trouble_of(error)
        return lambda: settle.give_up(claim, trouble, cause=Cause.REFUSED), trouble
    except (Exception, SystemExit) as error:  # noqa: BLE001  (a handler may raise anything)
        trouble = trouble_of(error)
        return lambda: settle.fail_attempt(claim, trouble), trouble
    return lambda: settle.complete(claim, result), None


def _call(claim: Claim) -> object:
    spec = registry.get(claim.kind)
    context = Context(
        job_id=claim.id,
        queue=claim.queue,
        attempt=claim.attempt,
        max_attempts=claim.max_attempts,
        token=claim.token,
    )
    try:
        return spec.handler(spec.arguments.from_json(claim.payload), context)
    finally:
        # A handler that switched autocommit off would swallow the settling that follows.
        if connection.connection is not None and not connection.autocommit:
            connection.close()


def _persist(settling: Callable[[], T]) -> T:
    """Settle, again and again while the database is away."""
    for seconds in SETTLE_AGAIN_SECONDS:
        try:
            return settling()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(seconds)
    return settling()


def trouble_of(error: BaseException) -> Trouble:
    """Return what is kept of an exception, whatever its own methods do."""
    kind = type(error)
    lines = traceback.format_exception(error)
    # The last line is made by the traceback module, which survives a __str__ that raises.
    message = lines[-1].strip().removeprefix(f"{kind.__module__}.")
    return Trouble.of(
        error_class=f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
        message=message.removeprefix(f"{kind.__qualname__}: "),
        traceback="".join(lines),
    )
