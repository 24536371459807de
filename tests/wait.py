"""Waiting for a condition, with a deadline. Nothing in the tests sleeps for a guess."""

from __future__ import annotations

import time


def until(condition, *, seconds=15.0, what="the condition"):
    """Return the first truthy answer; fail the test if there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {seconds} s in vain for {what}.")
        time.sleep(0.02)
    return answer
