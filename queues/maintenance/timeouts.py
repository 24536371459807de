"""A job whose own deadline has passed fails its attempt, even if its worker lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import OperationalError

from queues.claims import Claim
from queues.database import each_despite_locks, fetch, is_contended
from queues.endings import TimedOut
from queues.happenings import note
from queues.reporting import report
from queues.settle import settle
from queues.settlement import Verdict, settlement_of
from queues.statements.maintaining import OVERDUE

if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT: Final = 1000


def run_once() -> int:
    """Fail the attempts that ran out of time; return how many were moved.

    Whatever their threads write later is refused, for the job is no longer theirs. What somebody
    has locked is left for the next time.
    """
    claims = [Claim(*row) for row in fetch(OVERDUE, {"limit": LIMIT})]
    try:
        return _fail(claims)
    except OperationalError as error:
        if not is_contended(error):
            raise
        return each_despite_locks(lambda claim: _fail([claim]), claims)


def _fail(claims: Sequence[Claim]) -> int:
    wanted = [one for claim in claims if (one := settlement_of(claim, TimedOut()))]
    moved = 0
    for one, verdict in zip(wanted, settle(wanted), strict=True):
        if verdict is not Verdict.LOST:
            report(one.claim, verdict, TimedOut(), one.claim.timeout)
            note([(one.state, one.claim.queue, one.claim.id)])
            moved += 1
    return moved
