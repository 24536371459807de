"""Calling a handler, and saying how it ended. The one place that catches whatever it raises."""

from __future__ import annotations

import logging
import math
import random
from typing import TYPE_CHECKING, Final

from django.db import connection
from psycopg.pq import TransactionStatus

from queues.arguments import ArgumentsError
from queues.conf import get_queues
from queues.context import Context
from queues.endings import Ending, Gone, Raised, Refused, Returned, Snoozed, TooNew, Waits
from queues.outcomes import Fail, RateLimited, Snooze, WaitForChildren
from queues.recorder import LostError
from queues.results import ResultError, to_json
from queues.retry import HANDLER, MAX_DELAY_MS
from queues.trouble import scrub, trouble_of
from queues.upgrades import NewerPayloadError, read

if TYPE_CHECKING:
    from queues.claims import Claim
    from queues.context import Recorder
    from queues.registry import BackoffFunction, Spec

log = logging.getLogger(__name__)

# What a backoff function returns to end the job at once.
NEVER: Final = -1
WAITS: Final = "milliseconds, or -1 for no more attempt"


def call(  # noqa: PLR0911  (one for each)
    spec: Spec, claim: Claim, recorder: Recorder
) -> Ending:
    """Run the handler and return how it ended. Never raises for what a handler does."""
    try:
        return Returned(to_json(_run(spec, claim, recorder)))
    except Snooze as outcome:
        return Snoozed(seconds=outcome.seconds, key=_closes(outcome, claim))
    except WaitForChildren as outcome:
        return Waits(children=outcome.children)
    except LostError:
        return Gone()
    except NewerPayloadError as error:
        return TooNew(why=str(error))
    except (Fail, ArgumentsError, ResultError) as error:
        return Refused(trouble=trouble_of(error))
    except BaseException as error:  # noqa: BLE001  (a handler may raise anything)
        return _raised(spec, claim, error)


def _run(spec: Spec, claim: Claim, recorder: Recorder) -> object:
    context = Context(
        job_id=claim.id,
        queue=claim.queue,
        attempt=claim.attempt,
        max_attempts=claim.max_attempts,
        token=claim.token,
        recorder=recorder,
    )
    try:
        arguments = read(spec.arguments, claim.payload, claim.payload_version)
        return spec.handler(arguments, context)
    finally:
        # A handler that switched autocommit off, or began a transaction in SQL, would swallow the
        # settling that follows.
        raw = connection.connection
        if raw is not None and not connection.in_atomic_block:
            is_idle = raw.info.transaction_status == TransactionStatus.IDLE
            if not connection.autocommit or not is_idle:
                connection.close()


def _closes(outcome: Snooze, claim: Claim) -> str:
    """Return the key that a snooze closes; nothing if it is the job's affair alone."""
    return (scrub(outcome.key) or claim.limit_key) if isinstance(outcome, RateLimited) else ""


def _raised(spec: Spec, claim: Claim, error: BaseException) -> Raised:
    trouble = trouble_of(error)
    may_retry = spec.retries(error)
    if claim.backoff.type != HANDLER or spec.backoff_function is None:
        return Raised(trouble=trouble, may_retry=may_retry)
    wait_ms = _own_wait(spec.backoff_function, claim, error)
    return Raised(trouble=trouble, may_retry=may_retry and wait_ms != NEVER, wait_ms=wait_ms)


def _own_wait(function: BackoffFunction, claim: Claim, error: BaseException) -> int:
    """Return what a kind's own function says, or its queue's policy where that is no answer."""
    try:
        wait_ms = function(claim.attempt, error)
    except (Exception, SystemExit):
        log.exception("The backoff function of %s raised", claim.kind)
        return _usual_wait(claim)
    if _is_wait(wait_ms):
        return int(min(wait_ms, MAX_DELAY_MS))
    log.error("The backoff function of %s returned %.50r; allowed: %s", claim.kind, wait_ms, WAITS)
    return _usual_wait(claim)


def _is_wait(value: object) -> bool:
    # An int may be too large for a float.
    is_number = type(value) is int or (isinstance(value, float) and math.isfinite(value))
    return is_number and (value >= 0 or value == NEVER)  # type: ignore[operator]


def _usual_wait(claim: Claim) -> int:
    # Spreads retries in time; nothing secret depends on it.
    roll = random.random()  # noqa: S311
    return get_queues()[claim.queue].backoff.wait_ms(claim.attempt, roll=roll)
