"""What a parent knows of a job that it waited for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildResult:
    """How a child ended: pending, completed, failed, cancelled or removed.

    `result` is what it returned, if it completed; `error` says why it did not. Both stay as long
    as the parent does, whatever becomes of the child's own row.
    """

    job_id: int
    name: str
    state: str
    result: Any
    error: str

    @property
    def completed(self) -> bool:
        """Whether its handler returned."""
        return self.state == "completed"
