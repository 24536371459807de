"""A job whose own deadline has passed fails its attempt, even if its worker lives."""

from __future__ import annotations

from typing import Final

from queues.claims import Claim
from queues.database import fetch
from queues.endings import TimedOut
from queues.happenings import note
from queues.reporting import report
from queues.settle import settle
from queues.settlement import Verdict, settlement_of
from queues.statements.maintaining import OVERDUE

LIMIT: Final = 1000


def run_once() -> int:
    """Fail the attempts that ran out of time; return how many were moved.

    Whatever their threads write later is refused, for the job is no longer theirs.
    """
    claims = [Claim(*row) for row in fetch(OVERDUE, {"limit": LIMIT})]
    wanted = [one for claim in claims if (one := settlement_of(claim, TimedOut()))]
    moved = 0
    for one, verdict in zip(wanted, settle(wanted), strict=True):
        if verdict is not Verdict.LOST:
            report(one.claim, verdict, TimedOut(), one.claim.timeout)
            note([(one.state, one.claim.queue, one.claim.id)])
            moved += 1
    return moved
