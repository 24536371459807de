"""What the HTTP API remembers of its callers is forgotten in time."""

from __future__ import annotations

from typing import Final

from queues.database import execute
from queues.statements.requests import FORGET_BUCKETS, FORGET_REQUESTS

KEY_SECONDS: Final = 24 * 3600
LIMIT: Final = 5000


def run_once() -> int:
    """Forget keys of requests after a day, and buckets that are full; return how many keys."""
    while execute(FORGET_BUCKETS, {"limit": LIMIT}) == LIMIT:
        pass
    return execute(FORGET_REQUESTS, {"age": KEY_SECONDS, "limit": LIMIT})
