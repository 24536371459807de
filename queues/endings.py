"""How a handler's run can end, as data: what is settled in one place may have run in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from queues.models.attempt import Outcome
from queues.trouble import Trouble

if TYPE_CHECKING:
    from queues.claims import Claim
    from queues.nodes import Child, Node


class Returned(NamedTuple):
    """The handler returned. `result` is JSON text, or None for a null."""

    result: str | None


@dataclass(frozen=True, kw_only=True)
class Snoozed:
    """The handler asked to be run again in `seconds`, and for a key to be closed that long."""

    seconds: float
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Waits:
    """The handler asked to be run again when these jobs, yet to be accepted, have ended."""

    children: tuple[Child | Node, ...]


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Another attempt would end the same way."""

    trouble: Trouble


@dataclass(frozen=True, kw_only=True)
class Raised:
    """The handler raised. `wait_ms` is what its kind's own backoff says, if it has one."""

    trouble: Trouble
    may_retry: bool = True
    wait_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class Crashed:
    """The handler's process died."""

    trouble: Trouble


@dataclass(frozen=True, kw_only=True)
class CutOff:
    """Postgres dropped the connection in the midst of an atomic handler's transaction."""

    trouble: Trouble


@dataclass(frozen=True, kw_only=True)
class TimedOut:
    """The attempt ran longer than its job's timeout."""


@dataclass(frozen=True, kw_only=True)
class TooNew:
    """The handler was not called: newer code than this wrote the payload."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Gone:
    """The job was taken away meanwhile: there is nothing to settle."""


Ending = Returned | Snoozed | Waits | Refused | Raised | Crashed | CutOff | TimedOut | TooNew | Gone


def crash_of(claim: Claim, why: str) -> Crashed:
    """Return the ending of a claim whose process died."""
    message = f"The process of job {claim.id} died: {why}."
    trouble = Trouble.of(error_class="ProcessDied", message=message, outcome=Outcome.CRASHED)
    return Crashed(trouble=trouble)
