"""Running a handler inside the transaction that settles it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError, connection, transaction

from queues.calling import call
from queues.database import is_lost_connection
from queues.endings import CutOff, Ending, Gone, Raised, Returned
from queues.recorder import AttemptRecorder, flush_last
from queues.settle import settle
from queues.settlement import Completed, Verdict
from queues.trouble import trouble_of

if TYPE_CHECKING:
    from queues.claims import Claim
    from queues.registry import Spec


class _RollBack(Exception):  # noqa: N818  (leaves a transaction, and goes no further)
    """An atomic handler's effects must not be committed."""

    def __init__(self, ending: Ending) -> None:
        super().__init__()
        self.ending = ending


def perform_atomic(
    spec: Spec, claim: Claim, recorder: AttemptRecorder
) -> tuple[Ending, Verdict | None]:
    """Commit the handler's effects together with `completed`, or roll them back."""
    try:
        with transaction.atomic():
            raw = connection.connection
            ending = call(spec, claim, recorder)
            if isinstance(ending, Raised) and raw is not None and raw.closed:
                raise _RollBack(CutOff(trouble=ending.trouble))
            if not isinstance(ending, Returned):
                raise _RollBack(ending)
            recorder.flush(in_transaction=True)
            if settle([Completed(claim, ending.result)]) == [Verdict.LOST]:
                raise _RollBack(Gone())
            return ending, Verdict.COMPLETED
    except _RollBack as leaving:
        flush_last(claim, recorder)
        return leaving.ending, None
    except (DatabaseError, InterfaceError) as error:
        # A deferred constraint at commit, or a transaction or connection that was broken.
        flush_last(claim, recorder)
        if is_lost_connection(error):
            return CutOff(trouble=trouble_of(error)), None
        return Raised(trouble=trouble_of(error), may_retry=spec.retries(error)), None
