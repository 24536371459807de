"""Finished jobs beyond the retention of their queue, or their own, are deleted.

So are groups of failures that nobody has seen for long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from queues import failures
from queues.conf import QueueConf, get_queues
from queues.database import execute, fetch_prepared
from queues.statements.maintaining import PRUNE
from queues.statements.turns import FORGET_KEYS
from queues.states import State

if TYPE_CHECKING:
    from queues.keep import Keep

LIMIT: Final = 5000


def run_once() -> int:
    """Delete what is beyond retention, the oldest included; return how many jobs that were.

    Looks at every finished job. At most 5,000 of one queue and state go at once. Then, and not
    counted, go groups of failures and keys of which nothing counts any more.
    """
    pruned = sum(_prune(conf, deep=True) for conf in get_queues().values())
    failures.prune()
    while execute(FORGET_KEYS, {"limit": LIMIT}) == LIMIT:
        pass
    return pruned


def run_newest() -> int:
    """Do as `run_once`, among the jobs that finished last: those of the last second or so.

    What is left for `run_once` are the jobs that grew too old, and those that have many newer ones
    which keep themselves.
    """
    return sum(_prune(conf, deep=False) for conf in get_queues().values())


def _prune(conf: QueueConf, *, deep: bool) -> int:
    keeps = {
        State.COMPLETED: conf.keep_completed,
        State.FAILED: conf.keep_failed,
        State.CANCELLED: conf.keep_cancelled,
    }
    return sum(len(_prune_state(conf, state, keep, deep=deep)) for state, keep in keeps.items())


def _prune_state(conf: QueueConf, state: State, keep: Keep, *, deep: bool) -> list[tuple[int]]:
    params = {
        "queue": conf.name,
        "state": state.value,
        "keep": keep.count,
        "age": keep.age,
        "limit": LIMIT,
        "depth": None if deep else max(keep.count, 0) + LIMIT,
    }
    return fetch_prepared(PRUNE, params)
