"""What the log says of an attempt's end. One line each, with the ids as fields."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from queues.conf import get_queues
from queues.settle import Verdict

if TYPE_CHECKING:
    from queues.claims import Claim
    from queues.settle import Trouble

log = logging.getLogger("queues.execution")


def report(claim: Claim, verdict: Verdict, trouble: Trouble | None, seconds: float) -> None:
    """Log what became of a claim after `seconds` of running."""
    queue = get_queues()[claim.queue].json_name
    extra = {"verdict": verdict.value, "run_ms": round(seconds * 1000)}
    why = trouble.message if trouble else ""
    if verdict is Verdict.COMPLETED:
        log.info("Job %s in %s completed successfully", claim.id, queue, extra=extra)
    elif verdict is Verdict.SNOOZED:
        log.info("Job %s in %s snoozed: %s", claim.id, queue, why, extra=extra)
    elif verdict is Verdict.LOST:
        log.warning("Job %s in %s had gone to somebody else", claim.id, queue, extra=extra)
    elif verdict is Verdict.RETRYING:
        words = "Job %s in %s failed attempt %s of %s, and will be tried again: %s"
        log.warning(words, claim.id, queue, claim.attempt, claim.max_attempts, why, extra=extra)
    else:
        log.error("Job %s in %s failed: %s", claim.id, queue, why, extra=extra)
