"""How often somebody may come: token buckets in Postgres, which hold with Redis down.

A bucket holds `burst` tokens and is filled again at `rate` a second. One statement takes a token,
so no two requests get the same one, whatever process they are in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from queues.database import fetch
from queues.statements.requests import TAKE_TOKEN, TOKENS_LEFT

LEAST_WAIT: Final = 0.001


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """So many at once, and so many a second from then on."""

    burst: int
    rate: float


def take(key: str, allowance: Allowance) -> float:
    """Take a token of a bucket; return 0, or in how many seconds there will be one.

    Not within a transaction: the bucket would be locked until its end.
    """
    params = {"key": key, "burst": allowance.burst, "rate": allowance.rate}
    if _left(params) >= 1 and fetch(TAKE_TOKEN, params):
        return 0.0
    # By now there may be one again, or somebody else took the last: refused is refused.
    return max(1.0 - _left(params), LEAST_WAIT * allowance.rate) / allowance.rate


def _left(params: dict[str, Any]) -> float:
    rows = fetch(TOKENS_LEFT, params)
    return float(rows[0][0]) if rows else 1.0
