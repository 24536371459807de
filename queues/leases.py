"""A worker's lease: while it beats, its jobs are its own."""

from __future__ import annotations

import json
import os
import socket
from enum import StrEnum
from typing import TYPE_CHECKING

from queues import registry
from queues.conf import lease_seconds
from queues.database import execute, fetch
from queues.statements.leasing import (
    BEAT,
    HAND_BACK,
    HELD,
    REGISTER_WORKER,
    RETIRE_WORKER,
    RETURN_STRAYS,
    SHOW_SLOTS,
)
from queues.transport.hints import Hint, push

if TYPE_CHECKING:
    from collections.abc import Mapping


class Lease(StrEnum):
    """What a beat found."""

    HELD = "held"
    LOST = "lost"


def register(name: str, slots: Mapping[str, int], *, version: str) -> int:
    """Insert the worker's row and return its id, which claims are made with."""
    params = {
        "name": name,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "version": version,
        "queues": json.dumps(list(slots)),
        "slots": json.dumps(dict(slots)),
        "kinds": json.dumps(registry.kinds()),
        "lease": lease_seconds(),
    }
    return int(fetch(REGISTER_WORKER, params)[0][0])


def beat(worker_id: int) -> Lease:
    """Renew the lease. LOST means that a rescuer has given the jobs away: register anew."""
    rows = fetch(BEAT, {"worker": worker_id, "lease": lease_seconds()})
    return Lease.HELD if rows else Lease.LOST


def held(worker_id: int) -> dict[int, int]:
    """Return the jobs that the worker holds, with their tokens."""
    return dict(fetch(HELD, {"worker": worker_id}))


def show_slots(worker_id: int, slots: Mapping[str, int]) -> None:
    """Write how many jobs of each queue the worker runs side by side from now on."""
    execute(SHOW_SLOTS, {"worker": worker_id, "slots": json.dumps(dict(slots))})


def hand_back(worker_id: int) -> int:
    """Return the worker's active jobs to the front of their queues, and their attempts to them.

    Whatever their threads write later is refused. Returns how many there were.
    """
    return _push_front(fetch(HAND_BACK, {"worker": worker_id}))


def return_strays(worker_id: int, strays: Mapping[int, int]) -> int:
    """Hand back jobs that the worker holds without knowing it, by id and token."""
    params = {"worker": worker_id, "ids": list(strays), "tokens": list(strays.values())}
    return _push_front(fetch(RETURN_STRAYS, params))


def _push_front(rows: list[tuple[int, str, int]]) -> int:
    # Pushed from the last to the first, each to the front: they end up in their old order.
    rows.sort(reverse=True)
    push(Hint(id=id_, queue=queue, priority=prio, front=True) for id_, queue, prio in rows)
    return len(rows)


def retire(worker_id: int) -> None:
    """Delete the worker's row, unless it still holds a job: then its lease runs out."""
    execute(RETIRE_WORKER, {"worker": worker_id})
