"""Writing what a running attempt says about itself, guarded by its token."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Final

from django.db import connection

from queues.database import AWAY, fetch, persist
from queues.family import children
from queues.results import to_json
from queues.statements.settling import KEEP_EFFECT, LOG, PROGRESS, READ_EFFECT
from queues.trouble import scrub

if TYPE_CHECKING:
    from collections.abc import Callable

    from queues.children import ChildResult
    from queues.claims import Claim

log = logging.getLogger(__name__)

PROGRESS_SECONDS: Final = 0.25
MAX_LINES: Final = 200
MAX_LINE: Final = 1000
MAX_NOTE: Final = 200
MAX_KEY: Final = 100


class LostError(Exception):
    """The job is somebody else's by now: the handler must do nothing more."""


class AttemptRecorder:
    """The recorder of one attempt. Safe in the handler's own threads.

    `depth` says how many transactions are open around the whole attempt.
    """

    def __init__(self, claim: Claim, *, depth: int = 0) -> None:
        self._claim = claim
        self._next_progress = 0.0
        self._pending: dict[str, object] | None = None
        self._depth = depth
        self.is_cancelled = False
        # Whether there may be rows besides the job's own.
        self.has_written = False
        # Whether the handler has ended; its job may still be unsettled.
        self.is_over = False

    def cancel(self) -> None:
        """Tell the handler that the job has been taken away."""
        self.is_cancelled = True

    @property
    def _guard(self) -> dict[str, int]:
        return {"id": self._claim.id, "token": self._claim.token}

    def progress(self, done: int, total: int, note: str) -> None:
        """Write it, unless the last one was written just now: then `flush` will.

        Nor within a transaction of the handler's: it would lock the job's row as long as that
        lasts, and whoever would cancel the job, or time it out, would have to wait.
        """
        self._pending = {"done": done, "total": total, "note": scrub(str(note))[:MAX_NOTE]}
        if time.monotonic() >= self._next_progress:
            self.flush()

    def flush(self, *, in_transaction: bool = False) -> None:
        """Write the progress that was held back."""
        pending = self._pending
        if pending is None:
            return
        is_within = len(connection.atomic_blocks) > self._depth
        if is_within and not in_transaction:
            return
        self._next_progress = time.monotonic() + PROGRESS_SECONDS
        if not fetch(PROGRESS, {**self._guard, "progress": json.dumps(pending)}):
            self.cancel()
        # Only now: what could not be written is written by the next flush.
        if self._pending is pending:
            self._pending = None

    def children(self) -> list[ChildResult]:
        """Return what is known of the job's children."""
        return children(self._claim.id)

    def log(self, text: str) -> None:
        """Write a line, as long as there are fewer than 200 of this attempt."""
        self.has_written = True
        fetch(LOG, {**self._guard, "text": scrub(str(text))[:MAX_LINE], "most": MAX_LINES})

    def once(self, key: str, effect: Callable[[str], object]) -> object:
        """Return the kept result, or call the effect and keep its result.

        Raises LostError if the job was taken away, and ValueError for a key that is too long.
        """
        if not 0 < len(key) <= MAX_KEY:
            raise ValueError(f"key has {len(key)} characters; allowed: 1 to {MAX_KEY}.")
        rows = fetch(READ_EFFECT, {**self._guard, "key": key})
        is_mine, is_kept, kept = rows[0] if rows else (False, False, None)
        if is_kept:
            return json.loads(kept) if kept is not None else None
        if self.is_cancelled or not is_mine:
            raise LostError(f"Job {self._claim.id} has been taken away.")
        self.has_written = True
        result = to_json(effect(f"job-{self._claim.id}-{key}"))
        if not fetch(KEEP_EFFECT, {**self._guard, "key": key, "result": result or "null"}):
            raise LostError(f"Job {self._claim.id} has been taken away.")
        return json.loads(result) if result else None


def flush_last(claim: Claim, recorder: AttemptRecorder) -> None:
    """Write the last progress of a handler that has ended. Without Postgres it is let go."""
    try:
        persist(recorder.flush)
    except AWAY:
        log.warning("The last progress of job %s is lost: no database", claim.id)
