"""What a handler may raise to say more than "failed". Pure.

Returning is success, and any other exception is a failed attempt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from queues.nodes import Child, Node

MAX_SNOOZE_SECONDS: Final = 366 * 24 * 3600
MAX_KEY: Final = 200


class Snooze(Exception):  # noqa: N818  (an outcome, not an error)
    """Run me again in `seconds` (above 0, at most 366 days). Costs no attempt.

    Raises ValueError when the seconds are out of range.
    """

    def __init__(self, seconds: float) -> None:
        if not 0 < seconds <= MAX_SNOOZE_SECONDS:
            raise ValueError(f"seconds is {seconds}; allowed: above 0 to {MAX_SNOOZE_SECONDS}.")
        super().__init__(f"snoozed for {seconds} s")
        self.seconds = seconds


class RateLimited(Snooze):
    """The other side asked to be left alone for `seconds`: close the key, for all its jobs.

    `key` is what limits go by (see `queues.limits`), the job's own unless given; the job has it
    from now on. It keeps its place among the jobs of the key. Costs no attempt. Without any key
    this is a snooze.
    """

    def __init__(self, seconds: float, key: str = "") -> None:
        if type(key) is not str or len(key) > MAX_KEY:
            raise ValueError(f"key is {key!r:.50}; allowed: text of at most {MAX_KEY}.")
        super().__init__(seconds)
        self.key = key


class WaitForChildren(Exception):  # noqa: N818  (an outcome, not an error)
    """Accept these jobs, and run me again when they have ended. Costs no attempt.

    All or none of them are accepted, with my waiting. Then `Context.children` says how they ended.
    Raises ValueError when there are none.
    """

    def __init__(self, *children: Child | Node) -> None:
        if not children:
            raise ValueError("children are none; allowed: one or more.")
        super().__init__(f"waits for {len(children)} children")
        self.children = children


class Fail(Exception):  # noqa: N818  (an outcome, not an error)
    """End as failed at once, whatever attempts are left. The reason is shown to operators."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
