"""Priorities of tasks, and the places of their jobs. Pure.

The task framework goes from 100, which runs first, over 0 to -100. Jobs go from 0, which runs
first, upwards. So 100 becomes 0, an ordinary task's 0 becomes 100, and -100 becomes 200.
"""

from __future__ import annotations

from typing import Final

HIGHEST: Final = 100
LOWEST: Final = -100


def place_of(priority: int) -> int:
    """Return the priority of the job of a task whose priority is -100 to 100."""
    return HIGHEST - int(priority)


def priority_of(place: int) -> int:
    """Return the priority of the task of a job; the lowest for any place beyond it."""
    return max(HIGHEST - place, LOWEST)
