"""A running job that asked for children begins to wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from queues.database import fetch
from queues.endings import Ending, Gone, Refused, Waits
from queues.flows import add_children
from queues.options import EnqueueError
from queues.settlement import Verdict
from queues.statements.flows import PARK, SPEND_EDGES
from queues.trouble import trouble_of

if TYPE_CHECKING:
    from queues.claims import Claim


def park(claim: Claim, ending: Waits) -> tuple[Ending, Verdict | None]:
    """Accept the children and let the job wait for them, in one transaction; or neither.

    Returns how the attempt ended and the verdict, which is None if that is still to be settled:
    children that are not accepted refuse the job. A claim that was lost adds none.
    """
    try:
        with transaction.atomic():
            if not fetch(PARK, {"id": claim.id, "token": claim.token}):
                return Gone(), Verdict.LOST
            fetch(SPEND_EDGES, {"id": claim.id})
            add_children(claim.id, ending.children)
    except EnqueueError as error:
        return Refused(trouble=trouble_of(error)), None
    return ending, Verdict.PARKED
