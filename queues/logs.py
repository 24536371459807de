"""Saying in every log line which job it is about."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from queues.claims import Claim

# One variable for the whole claim: a worker sets it for each job, and few jobs log.
current_claim: Final[ContextVar[Claim | None]] = ContextVar("current_claim", default=None)


def add_job(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Add id, queue, kind and attempt of the job that this thread runs. A structlog processor."""
    claim = current_claim.get()
    if claim is not None:
        event.setdefault("job_id", claim.id)
        event.setdefault("queue", claim.queue)
        event.setdefault("kind", claim.kind)
        event.setdefault("attempt", claim.attempt)
    return event
