"""What happened to jobs and queues, on its way to those who look on.

A worker keeps it in memory for a tenth of a second, so that there is one entry for all jobs of a
queue that went the same way meanwhile, and no job waits for Redis. Nothing depends on any of it.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import transaction

from queues.conf import events_are_on
from queues.states import State
from queues.transport.events import Happening, publish
from queues.transport.stream import MOST_IDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from queues.claims import Claim


class Word(StrEnum):
    """What an event may say beside the states of a job."""

    REMOVED = "removed"
    CHANGED = "changed"
    PAUSED = "paused"
    RESUMED = "resumed"


@dataclass
class _Noted:
    ids: list[int] = field(default_factory=list)
    count: int = 0

    def add(self, ids: Sequence[int]) -> None:
        self.count += len(ids)
        if len(self.ids) < MOST_IDS:
            self.ids += ids[: MOST_IDS - len(self.ids)]


_lock = threading.Lock()
_pending: defaultdict[tuple[str, str], _Noted] = defaultdict(_Noted)


def note(moves: Iterable[tuple[str, str, int]]) -> None:
    """Remember jobs of this worker that went to another state, as state, queue and id.

    Those that wait again are left out: their hint is their event.
    """
    if events_are_on():
        with _lock:
            _gather(moves, _pending)


def note_claims(state: str, claims: Iterable[Claim]) -> None:
    """Do as `note`, for many that went the same way: the work that a busy worker does most."""
    if not events_are_on():
        return
    by_queue: defaultdict[str, list[int]] = defaultdict(list)
    for claim in claims:
        by_queue[claim.queue].append(claim.id)
    with _lock:
        for queue, ids in by_queue.items():
            _pending[state, queue].add(ids)


def run_once() -> int:
    """Publish what was noted, and forget it; return how many entries that makes."""
    with _lock:
        noted = dict(_pending)
        _pending.clear()
    return _publish(noted)


def tell(moves: Iterable[tuple[str, str, int]]) -> None:
    """Publish at once where jobs went, as `note` takes it."""
    gathered: defaultdict[tuple[str, str], _Noted] = defaultdict(_Noted)
    _gather(moves, gathered)
    _publish(gathered)


def announce(event: str, queue: str, ids: Sequence[int] = ()) -> None:
    """Publish, once it is committed, what was done to jobs; without ids, to the queue itself.

    The ids are told in ascending order: Postgres returns changed rows in no order at all.
    """
    happening = Happening(event, queue, sorted(ids), len(ids))
    transaction.on_commit(lambda: publish([happening]))


def _gather(
    moves: Iterable[tuple[str, str, int]], into: defaultdict[tuple[str, str], _Noted]
) -> None:
    for state, queue, id_ in moves:
        if state != State.WAITING:
            into[str(state), queue].add([id_])


def _publish(noted: Mapping[tuple[str, str], _Noted]) -> int:
    # What began first, for most of what ended meanwhile has begun meanwhile.
    order = sorted(noted, key=lambda key: key[0] != State.ACTIVE)
    publish([Happening(*key, sorted(noted[key].ids), noted[key].count) for key in order])
    return len(order)
