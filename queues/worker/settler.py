"""Settling what handlers ended with, many at a time, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, Self

from django.db import DatabaseError, connection

from queues.database import AWAY, is_contended, own_connection
from queues.endings import Returned, Snoozed
from queues.execution import Performed, conclude
from queues.settle import locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from queues.worker.running import Running
    from queues.worker.slots import Slots
    from queues.worker.switch import Switch

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 500
LAST_SECONDS: Final = 1.0
# How soon jobs that somebody has locked are tried again, and how long a batch is settled one by one
# before the next has its turn.
HELD_SECONDS: Final = 0.25
SINGLY_SECONDS: Final = 2.0


class Settler:
    """Settles inside a `with` block, which ends when all is settled that is not locked.

    Nothing waits for company: a batch is what came in while the one before it was written. So a
    lone job is settled at once, and a busy worker settles hundreds in one statement. A job that
    somebody has locked is tried again until it can be settled, or is somebody else's; it holds up
    no other. If the settler dies by an error of its own, the worker is told to stop.
    """

    def __init__(self, slots: Slots, running: Running, switch: Switch) -> None:
        self._slots = slots
        self._running = running
        self._switch = switch
        self.died = False
        self._queue: SimpleQueue[Performed | None] = SimpleQueue()
        self._held: list[Performed] = []
        self._try_held_at = 0.0
        self._thread = threading.Thread(target=self._run, name="settler", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.put(None)
        # No longer than that, for without Postgres it goes on trying.
        self._thread.join(LAST_SECONDS)

    def put(self, performed: Performed) -> None:
        """Free the slot of a job that ended, and have it settled.

        One that closes a key keeps its slot until that is written, or another job of the key would
        begin in it.
        """
        if not _closes_a_key(performed):
            self._slots.release(performed.claim.queue)
        self._queue.put(performed)

    def _run(self) -> None:
        is_over = is_last = False
        try:
            with own_connection():
                while not is_last:
                    batch, is_last = self._next_batch()
                    if batch:
                        self._settle(batch)
                    self._settle_held(is_last=is_last)
            is_over = True
        finally:
            if not is_over:
                self.died = True
                self._switch.stop.set()

    def _next_batch(self) -> tuple[list[Performed], bool]:
        """Block for one; return it with all that came in meanwhile, and whether it was the last.

        While there are jobs that somebody has locked, it does not block beyond their next try.
        """
        batch: list[Performed] = []
        left = max(0.0, self._try_held_at - time.monotonic())
        try:
            one = self._queue.get(timeout=left if self._held else None)
            while one is not None:
                batch.append(one)
                # Nobody else takes from it, so what is there now is there for the next get.
                if len(batch) >= MOST_AT_ONCE or self._queue.empty():
                    return batch, False
                one = self._queue.get()
        except Empty:
            return batch, False
        return batch, True

    def _settle_held(self, *, is_last: bool) -> None:
        """Try again what somebody had locked, if it is time to."""
        if self._held and (is_last or time.monotonic() >= self._try_held_at):
            held, self._held = self._held, []
            ids = _locked(held)
            self._hold([one for one in held if one.claim.id in ids])
            if free := [one for one in held if one.claim.id not in ids]:
                self._settle(free)

    def _hold(self, performed: Iterable[Performed]) -> None:
        self._held += performed
        self._try_held_at = time.monotonic() + HELD_SECONDS

    def _settle(self, batch: Sequence[Performed]) -> None:
        left: list[Performed] = []
        try:
            left = _conclude(batch)
        finally:
            ids = {one.claim.id for one in left}
            over = [one for one in batch if one.claim.id not in ids]
            claims = [one.claim for one in over]
            self._running.end(claims)
            for one in filter(_closes_a_key, over):
                self._slots.release(one.claim.queue)
            keyed = any(claim.limit_key for claim in claims)
            self._slots.settled([claim.queue for claim in claims], keyed=keyed)
        if left:
            self._hold(left)


def _closes_a_key(performed: Performed) -> bool:
    return isinstance(performed.ending, Snoozed) and bool(performed.ending.key)


def _conclude(batch: Sequence[Performed]) -> list[Performed]:
    """Settle a batch; return those that somebody has locked, or that depend on what is locked."""
    try:
        # A job that has ended must not run again because Postgres was away for long.
        conclude(batch, for_ever=True)
    except DatabaseError as error:
        # Postgres refuses one of them, or cannot have its lock; the others must not suffer for it.
        ids = _locked(batch) if is_contended(error) else set()
        free = [one for one in batch if one.claim.id not in ids]
        return [one for one in batch if one.claim.id in ids] + _conclude_singly(free)
    return []


def _conclude_singly(batch: Sequence[Performed]) -> list[Performed]:
    """Settle one by one; return those that there was no time for, and those that are locked."""
    # What completed may need no other row, such as the group of its failures.
    left = deque(sorted(batch, key=lambda one: not isinstance(one.ending, Returned)))
    held, deadline = [], time.monotonic() + SINGLY_SECONDS
    while left and time.monotonic() < deadline:
        one = left.popleft()
        try:
            conclude([one], for_ever=True)
        except DatabaseError as error:
            if is_contended(error):
                held.append(one)
            else:
                log.exception("Job %s could not be settled", one.claim.id)
    return [*left, *held]


def _locked(batch: Sequence[Performed]) -> set[int]:
    ids = [one.claim.id for one in batch]
    try:
        return locked(ids)
    except AWAY as error:
        # The table is locked, or Postgres is away: none of them can be settled now.
        if not is_contended(error):
            connection.close()
        return set(ids)
