"""Settling what handlers ended with, many at a time, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Self

from django.db import DatabaseError

from queues.database import own_connection
from queues.execution import Performed, conclude

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from queues.worker.running import Running
    from queues.worker.slots import Slots
    from queues.worker.switch import Switch

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 500
LAST_SECONDS: Final = 1.0


class Settler:
    """Settles inside a `with` block, which ends when all is settled.

    Nothing waits for company: a batch is what came in while the one before it was written. So a
    lone job is settled at once, and a busy worker settles hundreds in one statement. If it dies by
    an error of its own, the worker is told to stop.
    """

    def __init__(self, slots: Slots, running: Running, switch: Switch) -> None:
        self._slots = slots
        self._running = running
        self._switch = switch
        self.died = False
        self._queue: SimpleQueue[Performed | None] = SimpleQueue()
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
        """Free the slot of a job that ended, and have it settled."""
        self._slots.release(performed.claim.queue)
        self._queue.put(performed)

    def _run(self) -> None:
        is_over = False
        try:
            with own_connection():
                while batch := self._next_batch():
                    self._settle(batch)
            is_over = True
        finally:
            if not is_over:
                self.died = True
                self._switch.stop.set()

    def _next_batch(self) -> list[Performed]:
        """Block for one, and return it with all that came in meanwhile; nothing at the end."""
        batch: list[Performed] = []
        while (one := self._queue.get()) is not None:
            batch.append(one)
            # Nobody else takes from it, so what is there now will be there for the next get.
            if len(batch) >= MOST_AT_ONCE or self._queue.empty():
                return batch
        if batch:
            self._queue.put(None)
        return batch

    def _settle(self, batch: Sequence[Performed]) -> None:
        try:
            conclude(batch)
        except DatabaseError:
            # Postgres refuses one of them; the others must not suffer for it.
            self._settle_singly(batch)
        finally:
            claims = [one.claim for one in batch]
            self._running.end(claims)
            keyed = any(claim.limit_key for claim in claims)
            self._slots.settled([claim.queue for claim in claims], keyed=keyed)

    def _settle_singly(self, batch: Sequence[Performed]) -> None:
        for one in batch:
            try:
                conclude([one])
            except DatabaseError:
                log.exception("Job %s could not be settled", one.claim.id)
