"""How many large bodies this process reads at once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from queues.api.errors import TooMany, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST: Final = 2
WAIT_SECONDS: Final = 2


class Admission:
    """Lets each caller in once at a time, and `most` callers in all.

    For one process: what is scarce is its interpreter, which reads one body at a time anyway.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def admit(self, who: str) -> Iterator[None]:
        """Let somebody in for the length of the block. Raises TooMany and Unavailable."""
        with self._lock:
            if who in self._inside:
                message = "Another large request of yours is being read; send one at a time."
                raise TooMany(message, wait=WAIT_SECONDS, code="too_many_at_once")
            if len(self._inside) >= self._most:
                raise _full()
            self._inside.add(who)
        try:
            yield
        finally:
            with self._lock:
                self._inside.remove(who)


def _full() -> Unavailable:
    error = Unavailable("Other large requests are being read; come again in a moment.")
    # DRF's own handler writes it into Retry-After.
    error.wait = WAIT_SECONDS  # type: ignore[attr-defined]
    return error


bulks: Final = Admission(MOST)
