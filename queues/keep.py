"""How many finished jobs stay, and for how long. Pure.

BullMQ's forms: a number is a count, True removes at once, False keeps all, and a mapping may name
`count` and `age` (in seconds).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ALL: Final = -1
MAX_COUNT: Final = 1_000_000
MAX_AGE: Final = 10 * 366 * 24 * 3600


class KeepError(ValueError):
    """A retention that cannot be used; the message says what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Keep:
    """The newest `count` finished jobs stay (ALL: every one), unless older than `age` seconds."""

    count: int = ALL
    age: int | None = None

    def __post_init__(self) -> None:
        if type(self.count) is not int or not ALL <= self.count <= MAX_COUNT:
            raise KeepError(f"count is {self.count!r}; allowed: 0 to {MAX_COUNT}, or -1 for all.")
        if self.age is not None and (type(self.age) is not int or not 0 <= self.age <= MAX_AGE):
            raise KeepError(f"age is {self.age!r}; allowed: whole seconds, 0 to {MAX_AGE}.")


def parse_keep(value: Keep | Mapping[str, Any] | bool | int) -> Keep:
    """Return the retention for a Keep, a count, True, False, or a mapping. Raises KeepError."""
    if isinstance(value, Keep):
        return value
    if isinstance(value, bool):
        return Keep(count=0 if value else ALL)
    if isinstance(value, int):
        if value < 0:
            raise KeepError(f"is {value}; allowed: a count, True, False, or count and age.")
        return Keep(count=value)
    if not isinstance(value, Mapping):
        raise KeepError(f"is {value!r}; allowed: a count, True, False, or count and age.")
    unknown = set(value) - {"count", "age"}
    if unknown:
        raise KeepError(f"no field {min(map(str, unknown))!r}; allowed: count, age.")
    return Keep(**value)
