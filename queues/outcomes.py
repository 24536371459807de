"""What a handler may raise to say more than "failed". Pure.

Returning is success, and any other exception is a failed attempt.
"""

from __future__ import annotations

from typing import Final

MAX_SNOOZE_SECONDS: Final = 366 * 24 * 3600


class Snooze(Exception):  # noqa: N818  (an outcome, not an error)
    """Run me again in `seconds` (above 0, at most 366 days). Costs no attempt.

    Raises ValueError when the seconds are out of range.
    """

    def __init__(self, seconds: float) -> None:
        if not 0 < seconds <= MAX_SNOOZE_SECONDS:
            raise ValueError(f"seconds is {seconds}; allowed: above 0 to {MAX_SNOOZE_SECONDS}.")
        super().__init__(f"snoozed for {seconds} s")
        self.seconds = seconds


class Fail(Exception):  # noqa: N818  (an outcome, not an error)
    """End as failed at once, whatever attempts are left. The reason is shown to operators."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
