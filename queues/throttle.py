"""How often somebody may come: token buckets in Postgres, which hold with Redis down.

A bucket holds `burst` tokens and is filled again at `rate` a second. One statement takes a token,
so no two requests get the same one, whatever process they are in.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from queues.database import fetch
from queues.statements.requests import TAKE_TOKENS, TOKENS_LEFT

LEAST_WAIT: Final = 0.001
# The share of a burst that a process takes ahead.
AHEAD: Final = 1 / 30
MOST_PURSES: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """So many at once, and so many a second from then on."""

    burst: int
    rate: float

    @property
    def rest(self) -> float:
        """The longest that a process refuses without asking, in seconds."""
        return min(1.0, 1 / self.rate)


def take(key: str, allowance: Allowance, count: int = 1) -> float:
    """Take tokens of a bucket; return 0, or in how many seconds there will be so many.

    Not within a transaction: the bucket would be locked until its end.
    """
    params = {"key": key, "burst": allowance.burst, "rate": allowance.rate, "count": float(count)}
    if _left(params) >= count and fetch(TAKE_TOKENS, params):
        return 0.0
    # By now there may be some again, or somebody else took the last: refused is refused.
    return max(count - _left(params), LEAST_WAIT * allowance.rate) / allowance.rate


def _left(params: dict[str, Any]) -> float:
    rows = fetch(TOKENS_LEFT, params)
    return float(rows[0][0]) if rows else float(params["burst"])


class Purses:
    """Tokens that this process has taken ahead, so that few requests write to Postgres.

    A purse is filled from its bucket by a share of the burst at a time. So all processes together
    let through what the bucket allows and no more; what one of them has left over is lost to the
    others, `AHEAD` of a burst at most. While a bucket is empty, nobody is asked.
    """

    def __init__(self) -> None:
        self._tokens: OrderedDict[str, float] = OrderedDict()
        self._closed_until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, allowance: Allowance, count: int = 1) -> float:
        """Take tokens; return 0, or in how many seconds to come again."""
        wait = self._spend(key, count)
        if wait is not None:
            return wait
        ahead = max(count, int(allowance.burst * AHEAD))
        if take(key, allowance, ahead) == 0:
            self._put(self._tokens, key, ahead - count, onto=True)
            return 0.0
        wait = take(key, allowance, count)
        if wait:
            self._put(self._closed_until, key, time.monotonic() + min(wait, allowance.rest))
        return wait

    def clear(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._tokens.clear()
            self._closed_until.clear()

    def _spend(self, key: str, count: int) -> float | None:
        """Return 0 if the purse had enough, a wait if it is closed, or None to ask Postgres."""
        with self._lock:
            closed = self._closed_until.get(key, 0.0) - time.monotonic()
            if closed > 0:
                return closed
            if self._tokens.get(key, 0.0) < count:
                return None
            self._tokens[key] -= count
            return 0.0

    def _put(
        self, kept: OrderedDict[str, float], key: str, value: float, *, onto: bool = False
    ) -> None:
        with self._lock:
            kept[key] = value + (kept.get(key, 0.0) if onto else 0.0)
            kept.move_to_end(key)
            if len(kept) > MOST_PURSES:
                kept.popitem(last=False)
