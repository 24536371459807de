"""A job whose own deadline has passed fails its attempt, even if its worker lives."""

from __future__ import annotations

from typing import Final

from queues import settle
from queues.claims import to_claim
from queues.database import fetch
from queues.endings import TIMED_OUT
from queues.models.job import Cause
from queues.reporting import report
from queues.settle import Verdict
from queues.statements.maintaining import OVERDUE

LIMIT: Final = 1000


def run_once() -> int:
    """Fail the attempts that ran out of time; return how many were moved.

    Whatever their threads write later is refused, for the job is no longer theirs.
    """
    claims = [to_claim(row) for row in fetch(OVERDUE, {"limit": LIMIT})]
    moved = 0
    for claim in claims:
        verdict = settle.fail_attempt(claim, TIMED_OUT, cause=Cause.TIMEOUT)
        if verdict is not Verdict.LOST:
            report(claim, verdict, TIMED_OUT, claim.timeout)
            moved += 1
    return moved
