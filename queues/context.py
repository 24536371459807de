"""What a running handler knows about its own attempt. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The attempt that is running. `attempt` counts from 1; the last one is `max_attempts`."""

    job_id: int
    queue: str
    attempt: int
    max_attempts: int
    token: int
