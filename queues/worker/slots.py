"""How many jobs of each queue a worker may run side by side."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Slots:
    """Counts what runs, and what has run and is not settled. Safe to use from every thread.

    As many jobs of a queue may be unsettled as may run: beyond that it has no free slot, so that a
    slow database slows claiming down. `turns` counts what is settled and may let others begin that
    had no turn: jobs with a key, and those of the `limited` queues.
    """

    def __init__(self, capacity: Mapping[str, int]) -> None:
        self._capacity = dict(capacity)
        self._taken: Counter[str] = Counter()
        self._unsettled: Counter[str] = Counter()
        self._released = threading.Condition()
        self.releases = 0
        self.limited: frozenset[str] = frozenset()
        self.turns = 0

    @property
    def running(self) -> int:
        """How many jobs run now."""
        with self._released:
            return self._taken.total()

    @property
    def busy(self) -> int:
        """How many jobs run or are not settled yet."""
        with self._released:
            return self._taken.total() + self._unsettled.total()

    def free(self, *, most: int | None = None) -> dict[str, int]:
        """Return the queues that have free slots, and how many, `most` in all."""
        left = sum(self._capacity.values()) if most is None else most
        found = {}
        with self._released:
            for queue, capacity in self._capacity.items():
                count = min(self._room(queue, capacity), left)
                if count > 0:
                    found[queue] = count
                    left -= count
        return found

    def any_full(self) -> bool:
        """Say whether some queue has no free slot."""
        with self._released:
            return any(self._room(*item) <= 0 for item in self._capacity.items())

    def single(self) -> set[str]:
        """Return the queues of which one job runs at a time."""
        with self._released:
            return {queue for queue, capacity in self._capacity.items() if capacity == 1}

    def _room(self, queue: str, capacity: int) -> int:
        too_many = max(0, self._unsettled[queue] - capacity)
        return capacity - self._taken[queue] - too_many

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
            self._unsettled[queue] += 1
            self.releases += 1
            self._released.notify_all()

    def settled(self, queues: Iterable[str], *, keyed: bool = False) -> None:
        """Count one unsettled job less for each name, and wake who waits.

        `keyed` says that one of the jobs had a key.
        """
        ended = Counter(queues)
        with self._released:
            self._unsettled.subtract(ended)
            self.releases += 1
            self.turns += keyed or not self.limited.isdisjoint(ended)
            self._released.notify_all()

    def wait(self, seconds: float) -> None:
        """Block until a slot is released, `seconds` at most."""
        with self._released:
            self._released.wait(seconds)
