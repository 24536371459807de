"""Taking jobs: waiting to active, with one more attempt and a new token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from queues import registry
from queues.conf import NO_BACKOFF
from queues.database import array, fetch_prepared, text_array
from queues.retry import Backoff, BackoffError, parse_backoff
from queues.statements.claiming import (
    CLAIM_BY_ID,
    CLAIM_ONE,
    CLAIM_WAITING,
    PAUSED_AMONG,
)
from queues.transport.hints import Hint, push

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Claim(NamedTuple):
    """A job as its claimer sees it. Whoever settles must show this `token`.

    `queues.statements.claiming.CLAIM` names these columns. `timeout` is in seconds from the claim,
    `wait_ms` is how long the job was due already, `is_reserved` says that its key outlives it,
    `is_child` that other jobs wait for its end, `is_suspect` that a worker died while it ran.
    """

    id: int
    queue: str
    kind: str
    name: str
    owner: str
    payload_json: str
    attempt: int
    max_attempts: int
    backoff_json: str
    token: int
    priority: int
    timeout: int
    crashes: int
    keep_completed: int | None
    keep_failed: int | None
    is_reserved: bool
    limit_key: str
    payload_version: int
    is_child: bool
    is_suspect: bool
    wait_ms: float

    @property
    def payload(self) -> Any:
        """What was enqueued, read anew each time."""
        return json.loads(self.payload_json)

    @property
    def backoff(self) -> Backoff:
        """The row's policy; the usual one for a row that a newer version wrote."""
        try:
            return parse_backoff(json.loads(self.backoff_json))
        except BackoffError:
            return NO_BACKOFF


def claim_ids(worker_id: int, ids: Sequence[int], queues: Iterable[str]) -> list[Claim]:
    """Claim those of `ids` that still wait in one of `queues` and whose kind is known here.

    The rest is left alone: an id whose row does not move was a stale hint, or its queue is paused,
    or it must wait for its turn (see `queues.turns`). Raises IntegrityError if the worker's lease
    is gone.
    """
    if not ids:
        return []
    params = {
        "worker": worker_id,
        "ids": array(ids),
        "queues": text_array(queues),
        "kinds": text_array(registry.kinds()),
    }
    return [*map(Claim._make, fetch_prepared(CLAIM_BY_ID, params))]


def put_back(ids: Sequence[int]) -> set[str]:
    """Push those again that wait in a paused queue, before what came later; return the queues."""
    rows = fetch_prepared(PAUSED_AMONG, {"ids": array(ids)})
    # From the last to the first, each to the front: they end up in their old order.
    push(Hint(id_, queue, priority, front=not priority) for id_, queue, priority in rows[::-1])
    return {queue for _, queue, _ in rows}


def claim_one(worker_id: int, job_id: int) -> Claim | None:
    """Claim a waiting job although its queue is paused, or limits would have it wait."""
    params = {"worker": worker_id, "id": job_id, "kinds": text_array(registry.kinds())}
    return next(map(Claim._make, fetch_prepared(CLAIM_ONE, params)), None)


def claim_waiting(worker_id: int, free: Mapping[str, int]) -> list[Claim]:
    """Claim waiting jobs that nobody took, up to the free slots of each queue.

    Queues that are paused, have a cap or a rate give none, nor do jobs with a key. Raises
    IntegrityError if the worker's lease is gone.
    """
    params = {
        "worker": worker_id,
        "queues": text_array(free),
        "limits": array(free.values()),
        "kinds": text_array(registry.kinds()),
    }
    return [*map(Claim._make, fetch_prepared(CLAIM_WAITING, params))]
