"""Whether a process has seen Postgres for long enough to say that others have stopped beating."""

from __future__ import annotations

import time

from queues.conf import lease_seconds


class Sight:
    """How long Postgres has answered this process without a gap.

    After an outage every lease has run out, and nobody is dead: whoever lives beats again within
    one lease of Postgres' return.
    """

    def __init__(self) -> None:
        self._since = self._last = float("-inf")

    def saw(self) -> None:
        """Postgres has just answered."""
        now = time.monotonic()
        if now - self._last > lease_seconds() / 2:
            self._since = now
        self._last = now

    @property
    def is_clear(self) -> bool:
        """Whether it has answered for one lease, up to now."""
        now = time.monotonic()
        is_fresh = now - self._last <= lease_seconds() / 2
        return is_fresh and now - self._since >= lease_seconds()
