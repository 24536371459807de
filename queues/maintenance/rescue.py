"""The jobs of workers that stopped beating go back to the front, or end after too many crashes."""

from __future__ import annotations

import logging
from typing import Any

from django.db import OperationalError, transaction

from queues import metrics
from queues.conf import MAX_CRASHES
from queues.database import array, fetch, is_contended
from queues.happenings import note
from queues.resolving import resolve
from queues.statements.maintaining import KINDS_OF_DEAD, LOCK_DEAD, RESCUE
from queues.states import State
from queues.transport.hints import Hint, push
from queues.trouble import WORKER_LOST

log = logging.getLogger(__name__)


def run_once(*, given_up: bool = False) -> int:
    """Bury dead workers and free their jobs; return how many jobs that were.

    With `given_up`, only those that are known to be dead, for their process has ended: what has
    merely run out may be Postgres' own absence, see `queues.maintenance.sight`.
    """
    with transaction.atomic():
        dead = [row[0] for row in fetch(LOCK_DEAD, {"given_up": given_up})]
        if not dead:
            return 0
        rows = fetch(RESCUE, _params(dead))
        _tell_parents([row[0] for row in rows if row[4] == State.FAILED])
    # Pushed from the last to the first, each to the front: they end up in their old order.
    rows.sort(key=lambda row: int(row[0]), reverse=True)
    rescued = [row for row in rows if row[2] is not None]
    note((state, queue, id_) for id_, queue, _kind, _priority, state, _front in rescued)
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


def _tell_parents(failed: list[int]) -> None:
    """Tell those that wait for these jobs; where somebody has locked one, `flows` does it later."""
    try:
        with transaction.atomic():
            resolve(failed)
    except OperationalError as error:
        if not is_contended(error):
            raise


def _params(dead: list[int]) -> dict[str, Any]:
    """Return what RESCUE needs. No kind comes in later, for nothing is claimed by the dead."""
    kinds = [row[0] for row in fetch(KINDS_OF_DEAD, {"dead": array(dead)})]
    return {
        "dead": array(dead),
        "max_crashes": MAX_CRASHES,
        "error_class": WORKER_LOST.error_class,
        "message": WORKER_LOST.message,
        "kinds": kinds,
        "fingerprints": [WORKER_LOST.fingerprint(kind) for kind in kinds],
    }
