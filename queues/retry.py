"""Backoff: how long a failed job waits for its next attempt. Pure.

The formulas are BullMQ's: fixed is `delay`, exponential is `delay * 2^(n-1)` after the n-th
failure, and jitter j draws uniformly from [wait * (1 - j), wait).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

FIXED: Final = "fixed"
EXPONENTIAL: Final = "exponential"
# The kind's own function says how long to wait; only rows hold this.
HANDLER: Final = "handler"
MAX_DELAY_MS: Final = 7 * 24 * 3600 * 1000
MAX_EXPONENT: Final = 40
FIELDS: Final = frozenset({"type", "delay", "jitter", "cap"})


class BackoffError(ValueError):
    """A backoff that cannot be used; the message names the field and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """A policy. `delay` and `cap` (no wait is longer) are in milliseconds, `jitter` is 0 to 1.

    Raises BackoffError for a type, delay or jitter outside of what is allowed.
    """

    type: str = FIXED
    delay: int = 0
    jitter: float = 0.0
    cap: int = MAX_DELAY_MS

    def __post_init__(self) -> None:
        # What comes as JSON may be a list, which no set can be asked for.
        if self.type not in (FIXED, EXPONENTIAL, HANDLER):
            raise BackoffError(f"backoff.type is {self.type!r}; allowed: fixed, exponential.")
        for name in ("delay", "cap"):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= MAX_DELAY_MS:
                allowed = f"whole milliseconds, 0 to {MAX_DELAY_MS}"
                raise BackoffError(f"backoff.{name} is {value!r}; allowed: {allowed}.")
        if type(self.jitter) not in {int, float} or not 0 <= self.jitter <= 1:
            raise BackoffError(f"backoff.jitter is {self.jitter!r}; allowed: 0 to 1.")

    def wait_ms(self, failures: int, *, roll: float) -> int:
        """Return the milliseconds to wait after the n-th failure (n from 1).

        `roll` is a random number in [0, 1) and matters only with jitter. The answer never exceeds
        the cap, nor seven days.
        """
        doublings = min(failures - 1, MAX_EXPONENT) if self.type == EXPONENTIAL else 0
        full = min(self.delay * 2**doublings, self.cap)
        return int(full * (1 - self.jitter) + full * self.jitter * roll)

    def as_json(self) -> dict[str, Any]:
        """Return the policy as the job row keeps it."""
        return asdict(self)


def parse_backoff(value: Backoff | Mapping[str, Any] | int) -> Backoff:
    """Return the policy for a Backoff, a mapping of its fields, or fixed milliseconds.

    Raises BackoffError, also for an unknown field.
    """
    if isinstance(value, Backoff):
        return value
    if isinstance(value, int):
        return Backoff(delay=value)
    if not isinstance(value, Mapping):
        raise BackoffError(f"backoff is {value!r}; allowed: milliseconds, or a mapping.")
    unknown = set(value) - FIELDS
    if unknown:
        name = min(map(str, unknown))
        raise BackoffError(f"backoff: no field {name!r}; allowed: {', '.join(sorted(FIELDS))}.")
    return Backoff(**value)
