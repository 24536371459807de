"""The engine's own kinds for batches: what follows is enqueued in the transaction that ends them.

So it happens once, whatever dies. What follows travels as JSON text, with its kind.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from queues import registry
from queues.arguments import Arguments
from queues.conf import get_queues
from queues.database import fetch
from queues.enqueue import enqueue
from queues.statements.flows import PROGRESS

if TYPE_CHECKING:
    from queues.context import Context

# A kind has one; each batch says its own.
USUAL_QUEUE: Final = next(iter(get_queues()))
# As long as a deploy that must be undone may take: what follows may be of a kind that is not known
# here.
ATTEMPTS: Final = 30
BACKOFF: Final = {"type": "exponential", "delay": 1000, "cap": 600_000}
handles: Final = partial(
    registry.handles,
    queue=USUAL_QUEUE, atomic=True, attempts=ATTEMPTS, backoff=BACKOFF, is_internal=True,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BatchDone(Arguments):
    """All jobs of a batch have ended."""

    kind: ClassVar[str] = "queues.batch"

    name: str
    on_done: str | None = None
    on_success: str | None = None

    @property
    def job_name(self) -> str:
        """The batch's name."""
        return self.name


@dataclass(frozen=True, kw_only=True)
class BatchFailed(Arguments):
    """The first job of a batch did not complete, or all of them have completed."""

    kind: ClassVar[str] = "queues.batch-failure"

    name: str
    on_failure: str

    @property
    def job_name(self) -> str:
        """What is watched for; short enough for any name of a batch."""
        return f"First failure of {self.name}"[:200]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How many jobs of a batch there are, and how they are. Removed ones count as cancelled."""

    total: int
    pending: int
    completed: int
    failed: int
    cancelled: int

    @property
    def ended(self) -> int:
        """How many have ended in some way."""
        return self.total - self.pending

    @property
    def fraction(self) -> float:
        """How much of it has ended, from 0 to 1; 1 for a batch without jobs."""
        return self.ended / self.total if self.total else 1.0


def count(batch_id: int) -> Progress:
    """Return how many children of a job there are, and how they are."""
    total, pending, completed, failed, cancelled = fetch(PROGRESS, {"id": batch_id})[0]
    return Progress(
        total=total, pending=pending, completed=completed, failed=failed, cancelled=cancelled
    )


@handles(BatchDone)
def end_batch(arguments: BatchDone, context: Context) -> dict[str, int]:
    """Enqueue what follows; return the counts."""
    progress = count(context.job_id)
    if arguments.on_done:
        _enqueue(arguments.on_done)
    if arguments.on_success and progress.completed == progress.total:
        _enqueue(arguments.on_success)
    return asdict(progress)


@handles(BatchFailed)
def tell_of_failure(arguments: BatchFailed, context: Context) -> None:
    """Enqueue what follows a failure, if this runs because of one."""
    progress = count(context.job_id)
    if progress.failed or progress.cancelled:
        _enqueue(arguments.on_failure)


def _enqueue(text: str) -> None:
    described = json.loads(text)
    enqueue(registry.get(described["kind"]).arguments.from_json(described["payload"]))
