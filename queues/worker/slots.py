"""How many jobs of each queue a worker may run side by side."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Slots:
    """Counts what runs, and what has run and is not settled. Safe to use from every thread.

    As many jobs may be unsettled as may run: beyond that no slot is free, so that a slow database
    slows claiming down.
    """

    def __init__(self, capacity: Mapping[str, int]) -> None:
        self._capacity = dict(capacity)
        self._taken: Counter[str] = Counter()
        self._unsettled = 0
        self._released = threading.Condition()
        self.releases = 0

    @property
    def running(self) -> int:
        """How many jobs run now."""
        with self._released:
            return self._taken.total()

    @property
    def busy(self) -> int:
        """How many jobs run or are not settled yet."""
        with self._released:
            return self._taken.total() + self._unsettled

    def free(self, *, most: int | None = None) -> dict[str, int]:
        """Return the queues that have free slots, and how many, `most` in all."""
        found = {}
        with self._released:
            left = 2 * sum(self._capacity.values()) - self._taken.total() - self._unsettled
            left = left if most is None else min(left, most)
            for queue, capacity in self._capacity.items():
                count = min(capacity - self._taken[queue], left)
                if count > 0:
                    found[queue] = count
                    left -= count
        return found

    def is_full(self, queue: str) -> bool:
        """Say whether a queue has no free slot."""
        with self._released:
            return self._taken[queue] >= self._capacity[queue]

    def any_full(self) -> bool:
        """Say whether some queue has no free slot."""
        return any(self.is_full(queue) for queue in self._capacity)

    def resize(self, capacity: Mapping[str, int]) -> None:
        """Allow more jobs from now on, or fewer once those that run have ended."""
        with self._released:
            self._capacity = dict(capacity)
            self._released.notify_all()

    def take(self, queues: Iterable[str]) -> None:
        """Count one more running job for each name."""
        with self._released:
            self._taken.update(queues)

    def release(self, queue: str) -> None:
        """Count one running job less and one unsettled job more, and wake who waits for a slot."""
        with self._released:
            self._taken[queue] -= 1
            self._unsettled += 1
            self.releases += 1
            self._released.notify_all()

    def settled(self, count: int) -> None:
        """Count some unsettled jobs less, and wake who waits."""
        with self._released:
            self._unsettled -= count
            self.releases += 1
            self._released.notify_all()

    def wait(self, seconds: float) -> None:
        """Block until a slot is released, `seconds` at most."""
        with self._released:
            self._released.wait(seconds)
