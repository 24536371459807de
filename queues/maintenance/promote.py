"""Delayed jobs that are due begin to wait."""

from __future__ import annotations

from typing import Final

from queues.database import fetch
from queues.statements.maintaining import PROMOTE_DUE
from queues.transport.hints import Hint, push

LIMIT: Final = 1000


def run_once() -> int:
    """Promote what is due by Postgres' clock, the longest due first; return how many."""
    rows = fetch(PROMOTE_DUE, {"limit": LIMIT})
    push(
        Hint(id=id_, queue=queue, priority=priority, front=front)
        for id_, queue, priority, front in rows
    )
    return len(rows)
