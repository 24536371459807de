"""Operations whose job has ended are stopped, whatever ended it: the job can be retried."""

from __future__ import annotations

from queues.database import fetch
from queues.statements.bulk import END_ORPHANS


def run_once() -> int:
    """Stop the operations that nobody carries out any more; return how many.

    One that is done says so before its job ends. Any number of workers may look at once.
    """
    return len(fetch(END_ORPHANS, {}))
