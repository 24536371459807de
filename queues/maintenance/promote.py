"""Delayed jobs that are due begin to wait."""

from __future__ import annotations

import time
from typing import Final

from queues.database import fetch_prepared
from queues.statements.maintaining import NEXT_DUE, PROMOTE_DUE
from queues.transport.hints import Hint, push

LIMIT: Final = 1000
# How far ahead it looks, and how long it waits at least so that several go together.
HORIZON_SECONDS: Final = 0.02
TOGETHER_SECONDS: Final = 0.002


def run_once() -> int:
    """Promote what is due by Postgres' clock, the longest due first; return how many.

    Stays for 20 ms at most while others are about to be due, and promotes each in its time.
    """
    deadline = time.monotonic() + HORIZON_SECONDS
    promoted = _promote()
    while (seconds := _next_due()) is not None and time.monotonic() + seconds < deadline:
        time.sleep(max(seconds, TOGETHER_SECONDS))
        promoted += _promote()
    return promoted


def _promote() -> int:
    rows = fetch_prepared(PROMOTE_DUE, {"limit": LIMIT})
    push(Hint(id_, queue, priority, front) for id_, queue, priority, front in rows)
    return len(rows)


def _next_due() -> float | None:
    seconds: float | None = fetch_prepared(NEXT_DUE, {})[0][0]
    return seconds
