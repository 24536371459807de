"""The jobs of workers that stopped beating go back to the front, or end after too many crashes."""

from __future__ import annotations

import logging
from typing import Final

from django.db import IntegrityError

from queues.conf import MAX_CRASHES
from queues.database import fetch
from queues.statements import RESCUE
from queues.states import State
from queues.transport.hints import Hint, push

log = logging.getLogger(__name__)

MESSAGE: Final = "Its worker stopped beating."


def run_once() -> int:
    """Bury dead workers and free their jobs; return how many jobs that were."""
    try:
        rows = fetch(RESCUE, {"max_crashes": MAX_CRASHES, "message": MESSAGE})
    except IntegrityError:
        # A claim was committed after this statement's snapshot; the next look sees it.
        return 0
    rows.sort(reverse=True)
    for id_, queue, _priority, state in rows:
        words = "Job %s lost its worker, and is now %s"
        log.warning(words, id_, state, extra={"job_id": id_, "queue": queue})
    push(
        Hint(id=id_, queue=queue, priority=priority, front=True)
        for id_, queue, priority, state in rows
        if state == State.WAITING
    )
    return len(rows)
