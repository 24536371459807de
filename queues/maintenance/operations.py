"""Operations whose job has ended are stopped, and what old ones changed is forgotten."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from queues.bulk import UNDO_DAYS
from queues.database import fetch
from queues.statements.bulk import END_ORPHANS, FORGET_CHANGES, LOCK_OLD

LIMIT: Final = 10_000


def run_once() -> int:
    """Stop the operations that nobody carries out any more; return how many.

    One that is done says so before its job ends, and the job of a stopped one can be retried. Any
    number of workers may look at once.
    """
    return len(fetch(END_ORPHANS, {}))


@transaction.atomic
def forget_changes() -> int:
    """Delete what undoing needs of operations that ended 30 days ago; return how many rows.

    At most 10,000 at a time. Those that are being undone, or were within 30 days, keep theirs.
    """
    params = {"days": UNDO_DAYS, "limit": LIMIT}
    ids = [row[0] for row in fetch(LOCK_OLD, params)]
    return len(fetch(FORGET_CHANGES, {**params, "ids": ids})) if ids else 0
