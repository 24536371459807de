"""What the end of a job means for those that wait for it. In the transaction of that end.

Two transactions may end the last two children of a parent at the same moment. Each writes its own
edge, then locks the parent, then looks in a new statement: whoever comes second sees both edges.
Needs Postgres' usual isolation, READ COMMITTED; what another one hides is found by the duty.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import transaction

from queues import metrics
from queues.database import fetch
from queues.happenings import tell
from queues.statements.flows import (
    DECIDE,
    LOCK_REOPENED,
    LOCK_WAITING,
    RECORD,
    REOPEN_EDGES,
    REOPEN_PARENTS,
)
from queues.states import State
from queues.transport.hints import Hint, push

if TYPE_CHECKING:
    from collections.abc import Iterable

log = logging.getLogger(__name__)


def resolve(ids: Iterable[int]) -> None:
    """Tell the parents of jobs that are finished or gone, and the parents of those that fail so.

    Must be called within the transaction that ended the jobs, which holds their rows. Locks their
    edges, then their parents in the order of ids. A parent whose children have all ended, or one
    that goes on without them, begins to wait; one that a child fails is failed. Jobs that are not
    finished are passed over.
    """
    ended = list(ids)
    locked: set[int] = set()
    while ended and (touched := fetch(RECORD, {"ids": ended})):
        new = [(parent, fails) for parent, fails in touched if parent not in locked]
        if new:
            locked |= lock(
                [parent for parent, _ in new], [parent for parent, fails in new if fails]
            )
        ended = decide([parent for parent, _ in touched if parent in locked])


def lock(parents: list[int], failing: list[int]) -> set[int]:
    """Lock those of `parents` that wait, and all that is above the `failing` ones; return them.

    At once and in the order of ids, so that nobody who climbs up from elsewhere has one of them
    and waits for another.
    """
    return {row[0] for row in fetch(LOCK_WAITING, {"parents": parents, "failing": failing})}


def decide(parents: list[int]) -> list[int]:
    """Move those that need not wait any more; return children that failed so. Hold their locks."""
    moved = fetch(DECIDE, {"parents": parents}) if parents else []
    if moved:
        transaction.on_commit(lambda: _announce(moved))
    return [row[0] for row in moved if row[5] == State.FAILED and row[6]]


def reopen(child_id: int) -> None:
    """Let the parents of a job that is tried again wait for it again.

    Must be called within the transaction that moved the job. A parent that it failed waits again,
    unless another child fails it still; so do those that failed because of that parent. Locks the
    parents in the order of ids, then their edges.
    """
    locked = [row[0] for row in fetch(LOCK_REOPENED, {"id": child_id})]
    children = [child_id]
    while children and locked:
        params = {"children": children, "locked": locked}
        parents = [row[0] for row in fetch(REOPEN_EDGES, params)]
        children = [row[0] for row in fetch(REOPEN_PARENTS, {"parents": parents})]


def _announce(moved: list[tuple[Any, ...]]) -> None:
    push(
        Hint(id=id_, queue=queue, priority=priority, front=front)
        for id_, queue, _, priority, front, state, _, _ in moved
        if state == State.WAITING
    )
    tell((state, queue, id_) for id_, queue, _, _, _, state, _, _ in moved)
    for id_, queue, kind, _, _, state, _, message in moved:
        if state == State.FAILED:
            metrics.count(queue, kind, "failed")
            extra = {"job_id": id_, "queue": queue, "kind": kind}
            log.error("Job %s in %s failed: %s", id_, queue, message, extra=extra)
