"""What a running handler knows about its own attempt, and may write about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from queues.children import ChildResult


class Recorder(Protocol):
    """Where a context writes. Every write is refused once the job is somebody else's."""

    @property
    def is_cancelled(self) -> bool:
        """Whether the job has been taken away."""
        ...

    def progress(self, done: int, total: int, note: str) -> None:
        """Keep the newest progress."""
        ...

    def log(self, text: str) -> None:
        """Keep a line."""
        ...

    def once(self, key: str, effect: Callable[[str], object]) -> object:
        """Return what the effect returned, now or in an earlier attempt."""
        ...

    def children(self) -> list[ChildResult]:
        """Return what is known of the job's children."""
        ...


class NoRecorder:
    """Keeps nothing, for handlers that are called outside of a worker."""

    is_cancelled = False

    def progress(self, done: int, total: int, note: str) -> None:
        """Forget it."""

    def log(self, text: str) -> None:
        """Forget it."""

    def once(self, key: str, effect: Callable[[str], object]) -> object:
        """Do it."""
        return effect(key)

    def children(self) -> list[ChildResult]:
        """Return none."""
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The attempt that is running. `attempt` counts from 1; the last one is `max_attempts`."""

    job_id: int
    queue: str
    attempt: int
    max_attempts: int
    token: int
    recorder: Recorder = field(default_factory=NoRecorder)

    @property
    def cancelled(self) -> bool:
        """Whether the job was cancelled, timed out, or went to another worker: stop then.

        Known within a second. Whatever a handler writes afterwards about its job is refused.
        """
        return self.recorder.is_cancelled

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Show how far the job is. Written four times a second at most; the last one stays."""
        self.recorder.progress(done, total, note)

    def log(self, text: str) -> None:
        """Keep a line of at most 1,000 characters with the job; 200 lines an attempt."""
        self.recorder.log(text)

    def once(self, key: str, effect: Callable[[str], object]) -> object:
        """Do something outside of the database once, over all attempts, and return its result.

        `effect` is called with a text that is the same in every attempt: give it to the remote
        server as its idempotency key, for a worker may die after the effect and before its result
        is kept. What it returns must be JSON. Within a transaction the result is kept only if
        that commits: an atomic handler that raises does its effects again.
        """
        return self.recorder.once(key, effect)

    def children(self) -> list[ChildResult]:
        """Return how the jobs ended that this one waited for, in the order they were given.

        Some may be pending, if one of them let its parent go on without the others.
        """
        return self.recorder.children()
