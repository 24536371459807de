"""How a worker is told to stop."""

from __future__ import annotations

import threading


class Switch:
    """Pressed once: stop claiming, finish what runs. Pressed twice: hand it back at once."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.hurry = threading.Event()

    def press(self) -> None:
        """Safe in a signal handler."""
        (self.hurry if self.stop.is_set() else self.stop).set()
