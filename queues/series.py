"""What happened minute by minute: the counts of `queues.metrics`, read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from queues.database import fetch
from queues.histogram import quantile
from queues.metrics import COUNTERS
from queues.statements.watching import SERIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

MAX_MINUTES: Final = 24 * 60
DEFAULT_MINUTES: Final = 60
SHARES: Final = {"p50": 0.5, "p95": 0.95}


@dataclass(frozen=True, kw_only=True)
class Minute:
    """What happened in one queue within a minute.

    `counters` are by the names of `queues.metrics.COUNTERS`. `waits` and `runs` are by the names
    of SHARES, in milliseconds: the bound below which that share of them lies; None without any.
    """

    counters: Mapping[str, int]
    waits: Mapping[str, int | None]
    runs: Mapping[str, int | None]


@dataclass(frozen=True, kw_only=True)
class Series:
    """The minutes by when they began, and of each queue as many as there are of them."""

    minutes: list[datetime]
    queues: dict[str, list[Minute]]


NOTHING: Final = Minute(
    counters=dict.fromkeys(COUNTERS, 0), waits=dict.fromkeys(SHARES), runs=dict.fromkeys(SHARES)
)


def series(
    queues: Sequence[str], *, minutes: int = DEFAULT_MINUTES, kind: str | None = None
) -> Series:
    """Return what happened in the last whole minutes, in one query.

    The minute that is not over yet is left out, by Postgres' clock. Workers write their counts
    once a second, so the newest minute may still grow a little.
    """
    rows = fetch(SERIES, {"queues": list(queues), "minutes": minutes, "kind": kind})
    found = {(at, queue): rest for at, queue, *rest in rows if queue is not None}
    begins = list(dict.fromkeys(at for at, *_ in rows))
    return Series(
        minutes=begins,
        queues={
            queue: [
                _minute(*found[at, queue]) if (at, queue) in found else NOTHING for at in begins
            ]
            for queue in queues
        },
    )


def _minute(counters: Sequence[int], waits: list[int], runs: list[int]) -> Minute:
    return Minute(
        counters=dict(zip(COUNTERS, counters, strict=True)),
        waits={name: quantile(waits, share) for name, share in SHARES.items()},
        runs={name: quantile(runs, share) for name, share in SHARES.items()},
    )
