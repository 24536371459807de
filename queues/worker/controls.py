"""What operators have set for the queues of one worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queues import leases
from queues.models import QueueControl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from queues.heartbeat import Heartbeat
    from queues.worker.slots import Slots


class Controls:
    """Reads the controls every half second, and gives the worker as many slots as they say."""

    def __init__(self, lease: Heartbeat, slots: Slots, usual: Mapping[str, int]) -> None:
        self._lease = lease
        self._slots = slots
        self._usual = dict(usual)
        self._shown = dict(usual)
        self.paused: frozenset[str] = frozenset()

    def note_paused(self, queues: set[str]) -> None:
        """Take queues for paused until the controls are read again."""
        self.paused |= queues

    def refresh(self) -> int:
        """Read them; return how many there are."""
        rows = list(QueueControl.objects.filter(name__in=self._usual))
        self.paused = frozenset(row.name for row in rows if row.paused_at is not None)
        limited = (row.name for row in rows if row.cap is not None or row.rate is not None)
        self._slots.limited = frozenset(limited)
        wanted = {row.name: row.slots for row in rows if row.slots is not None}
        capacity = {**self._usual, **wanted}
        if capacity != self._shown:
            self._slots.resize(capacity)
            leases.show_slots(self._lease.worker_id, capacity)
            self._shown = capacity
        return len(rows)
