"""Counting what happens, per minute, queue and kind. Kept in memory for a second at a time.

A worker that is killed loses the counts of its last second, and no more.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from django.db import OperationalError

from queues.database import execute, is_contended
from queues.histogram import bucket
from queues.models.metric import empty_histogram
from queues.statements.maintaining import ADD_METRIC

if TYPE_CHECKING:
    from collections.abc import Iterable

COUNTERS: Final = (
    "completed", "failed", "retried", "snoozed", "timed_out", "crashed", "cancelled",
)  # fmt: skip


@dataclass
class _Counts:
    counters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))
    wait_ms: list[int] = field(default_factory=empty_histogram)
    run_ms: list[int] = field(default_factory=empty_histogram)


_lock = threading.Lock()
_pending: defaultdict[tuple[str, str], _Counts] = defaultdict(_Counts)


def count(queue: str, kind: str, counter: str) -> None:
    """Count one event of COUNTERS."""
    with _lock:
        _pending[queue, kind].counters[counter] += 1


def observe(
    queue: str, kind: str, counters: Iterable[str], *, wait_ms: float, run_ms: float
) -> None:
    """Count an attempt: one of each of `counters`, and its durations in milliseconds."""
    with _lock:
        counts = _pending[queue, kind]
        for counter in counters:
            counts.counters[counter] += 1
        counts.wait_ms[bucket(wait_ms)] += 1
        counts.run_ms[bucket(run_ms)] += 1


def run_once() -> int:
    """Write what was counted; return how many rows that touched. What fails stays counted."""
    with _lock:
        taken = dict(_pending)
        _pending.clear()
    written = 0
    try:
        # In one order everywhere, so that two workers never wait for each other in a ring.
        for (queue, kind), counts in sorted(taken.items(), key=lambda item: item[0]):
            params = {
                "queue": queue,
                "kind": kind,
                **counts.counters,
                "wait_ms": counts.wait_ms,
                "run_ms": counts.run_ms,
            }
            if _write(params):
                del taken[queue, kind]
                written += 1
    finally:
        _put_back(taken)
    return written


def _write(params: dict[str, object]) -> bool:
    """Add to a row; False if somebody has it locked."""
    try:
        execute(ADD_METRIC, params)
    except OperationalError as error:
        if not is_contended(error):
            raise
        return False
    return True


def _put_back(left: dict[tuple[str, str], _Counts]) -> None:
    with _lock:
        for key, counts in left.items():
            mine = _pending[key]
            for name, number in counts.counters.items():
                mine.counters[name] += number
            mine.wait_ms = [a + b for a, b in zip(mine.wait_ms, counts.wait_ms, strict=True)]
            mine.run_ms = [a + b for a, b in zip(mine.run_ms, counts.run_ms, strict=True)]
