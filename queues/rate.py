"""How many may begin in a time, strictly: in any stretch that long, wherever it begins. Pure.

What began is counted in short slots of time, fifty to a stretch, and is taken to have begun at
the slot's end. It counts for the stretch and one slot more. So a rate is never exceeded, nor by
handlers that start a little later than others after their claim; it may be missed by some 4 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    # Ends of slots, in microseconds since the epoch, and how many began in each.
    Window = Sequence[Sequence[int]]

SLOTS: Final = 50
MAX_COUNT: Final = 1_000_000
MIN_SECONDS: Final = 0.1
MAX_SECONDS: Final = 31 * 24 * 3600
MICROSECONDS: Final = 1_000_000


class RateError(ValueError):
    """A rate that cannot be used; the message names the field and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """At most `count` begin in any `per` seconds."""

    count: int
    per: float

    def __post_init__(self) -> None:
        if type(self.count) is not int or not 1 <= self.count <= MAX_COUNT:
            raise RateError(f"rate is {self.count!r}; allowed: a whole number, 1 to {MAX_COUNT}.")
        if type(self.per) not in {int, float} or not MIN_SECONDS <= self.per <= MAX_SECONDS:
            allowed = f"seconds, {MIN_SECONDS} to {MAX_SECONDS}"
            raise RateError(f"per is {self.per!r}; allowed: {allowed}.")

    @property
    def _slot(self) -> int:
        return round(self.per * MICROSECONDS) // SLOTS

    @property
    def _reach(self) -> int:
        """How long what began counts after the end of its slot, in microseconds."""
        return round(self.per * MICROSECONDS) + self._slot

    def room(self, window: Window, now: int) -> int:
        """Return how many may begin at `now`, in microseconds since the epoch."""
        return max(0, self.count - sum(count for _, count in self._counted(window, now)))

    def opens_at(self, window: Window, now: int) -> int | None:
        """Return when the next may begin, in microseconds; None if one may begin now."""
        counted = sorted(self._counted(window, now))
        excess = 1 + sum(count for _, count in counted) - self.count
        opens = None
        for end, count in counted:
            if excess <= 0:
                break
            excess -= count
            opens = end + self._reach
        return opens

    def add(self, window: Window, now: int, count: int) -> list[list[int]]:
        """Return the window with `count` more that began at `now`, and without what is over."""
        end = (now // self._slot + 1) * self._slot
        kept = dict(self._counted(window, now))
        if count:
            kept[end] = kept.get(end, 0) + count
        return [[end, kept[end]] for end in sorted(kept)]

    def _counted(self, window: Window, now: int) -> list[tuple[int, int]]:
        # What lies far ahead was written by a clock that has been set back since.
        return [
            (end, count)
            for end, count in window
            if now < end + self._reach and end <= now + self._reach
        ]
