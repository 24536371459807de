"""Deleting finished jobs that are old, of many queues and states at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from queues.conf import get_queues
from queues.queue_control import CHUNK, clean, would_clean
from queues.states import FINISHED, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Counts = Mapping[str, Mapping[State, int]]

DAY: Final = 24 * 3600
# Seconds that jobs stay after they finished, unless something else is asked for.
GRACES: Final = {State.COMPLETED: DAY, State.FAILED: 7 * DAY, State.CANCELLED: DAY}
DEFAULT_STATES: Final = (State.COMPLETED, State.FAILED)
DEFAULT_LIMIT: Final = 10_000
STATES: Final = tuple(state for state in State if state in FINISHED)


@dataclass(frozen=True, kw_only=True)
class Cleanup:
    """Which finished jobs go: of a queue or of all, in some states, after `grace` seconds.

    Without a `grace` each state has its own, see GRACES. `limit` is for each queue and state.
    """

    queue: str | None = None
    states: Iterable[State] = DEFAULT_STATES
    grace: float | None = None
    limit: int = DEFAULT_LIMIT

    def run(self) -> Counts:
        """Delete the oldest of them; return how many, by queue and state.

        Goes in steps of 1,000 jobs, each with its own entry in the audit. Raises ControlError.
        """
        return self._each(_in_steps)

    def look(self) -> Counts:
        """Return how many `run` would delete now. Raises as it does."""
        return self._each(
            lambda queue, state, grace, limit: would_clean(
                queue, state, older_than=grace, limit=limit
            )
        )

    def _each(self, count: Callable[[str, State, float, int], int]) -> Counts:
        queues = [self.queue] if self.queue else get_queues()
        return {
            queue: {state: count(queue, state, self._grace(state), self.limit) for state in states}
            for queue in queues
            for states in [tuple(self.states)]
        }

    def _grace(self, state: State) -> float:
        return GRACES[state] if self.grace is None else self.grace


def _in_steps(queue: str, state: State, grace: float, limit: int) -> int:
    left = limit
    while left and (gone := clean(queue, state, older_than=grace, limit=min(CHUNK, left))):
        left -= gone
    return limit - left
