"""Taking jobs: waiting to active, with one more attempt and a new token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from queues import registry
from queues.database import fetch
from queues.retry import Backoff, parse_backoff
from queues.statements import CLAIM_BY_ID, CLAIM_WAITING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job as its claimer sees it. Whoever settles must show this `token`."""

    id: int
    queue: str
    kind: str
    name: str
    owner: str
    payload: object
    attempt: int
    max_attempts: int
    backoff: Backoff
    token: int


def claim_ids(worker_id: int, ids: Sequence[int], queues: Iterable[str]) -> list[Claim]:
    """Claim those of `ids` that still wait in one of `queues` and whose kind is known here.

    The rest is left alone: an id whose row does not move was a stale hint. Raises IntegrityError if
    the worker's lease is gone.
    """
    if not ids:
        return []
    params = {
        "worker": worker_id,
        "ids": list(ids),
        "queues": list(queues),
        "kinds": registry.kinds(),
    }
    return [to_claim(row) for row in fetch(CLAIM_BY_ID, params)]


def claim_waiting(worker_id: int, free: Mapping[str, int]) -> list[Claim]:
    """Claim waiting jobs that nobody took, up to the free slots of each queue.

    Raises IntegrityError if the worker's lease is gone.
    """
    params = {
        "worker": worker_id,
        "queues": list(free),
        "limits": list(free.values()),
        "kinds": registry.kinds(),
    }
    return [to_claim(row) for row in fetch(CLAIM_WAITING, params)]


def to_claim(row: tuple[Any, ...]) -> Claim:
    """Return the claim of a row that a claiming statement returned."""
    names = Claim.__slots__
    values = dict(zip(names, row, strict=True))
    values["payload"] = json.loads(values["payload"])
    values["backoff"] = parse_backoff(json.loads(values["backoff"]))
    return Claim(**values)
