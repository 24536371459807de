"""How a worker is told to stop."""

from __future__ import annotations

import time
from typing import Final

POLL_SECONDS: Final = 0.05


class Flag:
    """Like threading.Event, and safe to set in a signal handler.

    An event takes a lock to be set: a handler that interrupts its own thread while that holds the
    lock would wait for itself, for ever.
    """

    def __init__(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        """Say whether it was set."""
        return self._is_set

    def set(self) -> None:
        """Set it for good."""
        self._is_set = True

    def wait(self, seconds: float = float("inf")) -> None:
        """Block until it is set, `seconds` at most."""
        deadline = time.monotonic() + seconds
        while not self._is_set and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, POLL_SECONDS))


class Switch:
    """Pressed once: stop claiming, finish what runs. Pressed twice: hand it back at once."""

    def __init__(self) -> None:
        self.stop = Flag()
        self.hurry = Flag()

    def press(self) -> None:
        """Safe in a signal handler."""
        (self.hurry if self.stop.is_set() else self.stop).set()
