"""Keys that only one job of a kind may hold. Pure.

The four modes are BullMQ's deduplication. What a second enqueue with the same key does, while the
first job holds it:

- simple: nothing. The key is free again when the first job is finished.
- throttle: nothing. The key is free again when `ttl` seconds have passed, whatever the job does.
- debounce: replaces the first job while that is still delayed, and starts its delay and `ttl`
  again; nothing once it has left its delay.
- keep-last: nothing, except once the first job has begun, even if it waits for a retry: then the
  newest is kept, and becomes a job of its own when the first is finished.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_KEY: Final = 200
MAX_TTL_SECONDS: Final = 366 * 24 * 3600


class Mode(StrEnum):
    """What a second enqueue does."""

    SIMPLE = "simple"
    THROTTLE = "throttle"
    DEBOUNCE = "debounce"
    KEEP_LAST = "keep-last"


class Answer(StrEnum):
    """What became of an enqueue."""

    CREATED = "created"
    EXISTS = "exists"
    REPLACED = "replaced"
    KEPT = "kept"


class UniqueError(ValueError):
    """A key that cannot be used; the message names the field and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Unique:
    """A key within a kind. `ttl` is seconds; throttle and debounce need one, the others none."""

    key: str
    mode: str = Mode.SIMPLE
    ttl: float | None = None

    def __post_init__(self) -> None:
        if type(self.key) is not str or not 0 < len(self.key) <= MAX_KEY:
            raise UniqueError(f"key is {self.key!r:.50}; allowed: text of 1 to {MAX_KEY}.")
        if self.mode not in set(Mode):
            raise UniqueError(f"mode is {self.mode!r}; allowed: {', '.join(Mode)}.")
        if self.mode in {Mode.SIMPLE, Mode.KEEP_LAST}:
            if self.ttl is not None:
                raise UniqueError(f"ttl is {self.ttl!r}; allowed: none with mode {self.mode}.")
        elif type(self.ttl) not in {int, float} or not 0 < (self.ttl or 0) <= MAX_TTL_SECONDS:
            raise UniqueError(f"ttl is {self.ttl!r}; allowed: above 0 to {MAX_TTL_SECONDS}.")


def parse_unique(value: Unique | str) -> Unique:
    """Return a Unique, or the simple one of a key. Raises UniqueError."""
    return value if isinstance(value, Unique) else Unique(key=value)
