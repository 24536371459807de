"""Finished jobs beyond the retention of their queue, or their own, are deleted."""

from __future__ import annotations

from typing import Final

from queues.conf import QueueConf, get_queues
from queues.database import fetch
from queues.statements.maintaining import PRUNE
from queues.states import State

LIMIT: Final = 1000


def run_once() -> int:
    """Delete what is beyond retention, the oldest included; return how many jobs that were."""
    return sum(_prune(conf) for conf in get_queues().values())


def _prune(conf: QueueConf) -> int:
    keeps = {
        State.COMPLETED: conf.keep_completed,
        State.FAILED: conf.keep_failed,
        State.CANCELLED: conf.keep_cancelled,
    }
    return sum(
        len(
            fetch(
                PRUNE,
                {
                    "queue": conf.name,
                    "state": state,
                    "keep": keep.count,
                    "age": keep.age,
                    "limit": LIMIT,
                },
            )
        )
        for state, keep in keeps.items()
    )
