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


# A minute in which nothing happened.
NOTHING: Final = ([0] * len(COUNTERS), list[int](), list[int]())


@dataclass(frozen=True, kw_only=True)
class QueueSeries:
    """What happened in one queue: in each list a number for each of the minutes.

    `counters` are by the names of `queues.metrics.COUNTERS`. `waits` and `runs` are by the names
    of SHARES, in milliseconds: the bound below which that share of them lies; None without any.
    """

    name: str
    counters: Mapping[str, list[int]]
    waits: Mapping[str, list[int | None]]
    runs: Mapping[str, list[int | None]]


@dataclass(frozen=True, kw_only=True)
class Series:
    """The minutes by when they began, and what happened in each queue."""

    minutes: list[datetime]
    queues: list[QueueSeries]


def series(
    queues: Sequence[str], *, minutes: int = DEFAULT_MINUTES, kind: str | None = None
) -> Series:
    """Return what happened in the last whole minutes, in one query.

    The minute that is not over yet is left out, by Postgres' clock. Workers write their counts
    once a second, so the newest minute may still grow a little.
    """
    rows = fetch(SERIES, {"queues": list(queues), "minutes": minutes, "kind": kind})
    found = {(at, queue): rest for at, queue, *rest in rows}
    begins = list(dict.fromkeys(at for at, *_ in rows))
    return Series(
        minutes=begins,
        queues=[
            _of_queue(queue, [found.get((at, queue), NOTHING) for at in begins]) for queue in queues
        ],
    )


def _of_queue(name: str, minutes: Sequence[Sequence[list[int]]]) -> QueueSeries:
    counters, waits, runs = zip(*minutes, strict=True)
    columns = map(list, zip(*counters, strict=True))
    return QueueSeries(
        name=name,
        counters=dict(zip(COUNTERS, columns, strict=True)),
        waits=_shares(waits),
        runs=_shares(runs),
    )


def _shares(histograms: Sequence[list[int]]) -> dict[str, list[int | None]]:
    return {name: [quantile(one, share) for one in histograms] for name, share in SHARES.items()}
