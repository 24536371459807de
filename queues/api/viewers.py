"""Who looks on in this process.

Each viewer takes a thread of the web server, and a connection to Redis, for as long as they stay.
The server may say until when it serves, so that viewers do not hold its end up:
`gunicorn.conf.py` does.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from rest_framework import status
from rest_framework.exceptions import APIException

if TYPE_CHECKING:
    from collections.abc import Callable

    Seat = object


# So that nobody fills the seats of a process, not even with a few friends.
SEATS_PER_USER: Final = 5


class TooManyViewers(APIException):
    """All seats are taken, or all that one user may have."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "too_many_viewers"
    default_detail = "As many as may watch events do so just now; try again."
    # DRF writes it into Retry-After.
    wait = 5


class Viewers:
    """Seats, of which a process has only so many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seats: dict[Seat, str] = {}

    def enter(self, most: int, who: str) -> Seat:
        """Return a seat, to be left once.

        Raises TooManyViewers if `most` are taken, or SEATS_PER_USER by who comes.
        """
        with self._lock:
            # Of a copy: the garbage collector may take a seat away while they are counted.
            theirs = sum(one == who for one in self._seats.copy().values())
            if len(self._seats) >= most or theirs >= SEATS_PER_USER:
                raise TooManyViewers
            seat = object()
            self._seats[seat] = who
            return seat

    def leave(self, seat: Seat) -> None:
        """Give a seat back."""
        # Without the lock: the garbage collector calls this in whatever thread it runs.
        self._seats.pop(seat, None)

    def __len__(self) -> int:
        return len(self._seats)


viewers = Viewers()
_serves: list[Callable[[], bool]] = []


def look_on_while(serves: Callable[[], bool]) -> None:
    """Let viewers of this process go as soon as this says that it does not serve any more."""
    _serves[:] = [serves]


def is_serving() -> bool:
    """Whether the process has not been told to end, as far as its server says."""
    return all(serves() for serves in _serves)
