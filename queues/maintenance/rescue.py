"""The jobs of workers that stopped beating go back to the front, or end after too many crashes."""

from __future__ import annotations

import logging
from typing import Final

from django.db import transaction

from queues import metrics
from queues.conf import MAX_CRASHES
from queues.database import array, fetch
from queues.statements.maintaining import LOCK_DEAD, RESCUE
from queues.states import State
from queues.transport.hints import Hint, push

log = logging.getLogger(__name__)

MESSAGE: Final = "Its worker stopped beating."


def run_once() -> int:
    """Bury dead workers and free their jobs; return how many jobs that were."""
    with transaction.atomic():
        dead = [row[0] for row in fetch(LOCK_DEAD, {})]
        if not dead:
            return 0
        params = {"dead": array(dead), "max_crashes": MAX_CRASHES, "message": MESSAGE}
        rows = fetch(RESCUE, params)
    # Pushed from the last to the first, each to the front: they end up in their old order.
    rows.sort(key=lambda row: int(row[0]), reverse=True)
    rescued = [row for row in rows if row[2] is not None]
    for id_, queue, kind, _priority, state, _front in rescued:
        metrics.count(queue, kind, "crashed")
        words = "Job %s lost its worker, and is now %s"
        log.warning(words, id_, state, extra={"job_id": id_, "queue": queue})
    push(
        Hint(id=id_, queue=queue, priority=priority, front=front)
        for id_, queue, _kind, priority, state, front in rows
        if state == State.WAITING
    )
    return len(rescued)
