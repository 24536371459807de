"""What the log and the metrics say of an attempt's end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from queues import metrics
from queues.conf import get_queues
from queues.endings import Crashed, Ending, Raised, Refused, Snoozed, TimedOut, TooNew
from queues.settlement import Verdict
from queues.trouble import TIMED_OUT

if TYPE_CHECKING:
    from queues.claims import Claim

log = logging.getLogger("queues.execution")

COUNTERS: Final = {
    Verdict.COMPLETED: "completed",
    Verdict.FAILED: "failed",
    Verdict.RETRYING: "retried",
    Verdict.SNOOZED: "snoozed",
    Verdict.CRASHED: "crashed",
}


def report(claim: Claim, verdict: Verdict, ending: Ending, seconds: float) -> None:
    """Log and count what became of a claim after `seconds` of running."""
    if verdict in COUNTERS:
        counters = [COUNTERS[verdict], *(["timed_out"] if isinstance(ending, TimedOut) else [])]
        metrics.observe(
            claim.queue, claim.kind, counters, wait_ms=claim.wait_ms, run_ms=seconds * 1000
        )
    if verdict is not Verdict.COMPLETED or log.isEnabledFor(logging.INFO):
        _log(claim, verdict, _why(ending), seconds)


def _why(ending: Ending) -> str:
    match ending:
        case Refused(trouble=trouble) | Raised(trouble=trouble) | Crashed(trouble=trouble):
            return trouble.message
        case TimedOut():
            return TIMED_OUT.message
        case Snoozed(seconds=seconds):
            return f"for {seconds} s"
        case TooNew(why=why):
            return why
        case _:
            return ""


def _log(claim: Claim, verdict: Verdict, why: str, seconds: float) -> None:
    conf = get_queues().get(claim.queue)
    # An overdue job may be of a queue that only newer workers know.
    queue = conf.json_name if conf else claim.queue
    extra = {
        "job_id": claim.id,
        "queue": claim.queue,
        "kind": claim.kind,
        "attempt": claim.attempt,
        "verdict": verdict.value,
        "run_ms": round(seconds * 1000),
    }
    if verdict is Verdict.COMPLETED:
        log.info("Job %s in %s completed successfully", claim.id, queue, extra=extra)
    elif verdict is Verdict.SNOOZED:
        log.info("Job %s in %s snoozed: %s", claim.id, queue, why, extra=extra)
    elif verdict is Verdict.PARKED:
        log.info("Job %s in %s waits for children", claim.id, queue, extra=extra)
    elif verdict is Verdict.LOST:
        log.warning("Job %s in %s had gone to somebody else", claim.id, queue, extra=extra)
    elif verdict is Verdict.CRASHED:
        log.warning("Job %s in %s lost its process: %s", claim.id, queue, why, extra=extra)
    elif verdict is Verdict.RETRYING:
        words = "Job %s in %s failed attempt %s of %s, and will be tried again: %s"
        log.warning(words, claim.id, queue, claim.attempt, claim.max_attempts, why, extra=extra)
    else:
        log.error("Job %s in %s failed: %s", claim.id, queue, why, extra=extra)
