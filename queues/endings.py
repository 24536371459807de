"""How a handler's run can end, as data: what is settled in one place may have run in another."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queues.models.attempt import Outcome
from queues.settle import Trouble

if TYPE_CHECKING:
    from queues.claims import Claim


@dataclass(frozen=True, kw_only=True)
class Returned:
    """The handler returned."""

    result: object


@dataclass(frozen=True, kw_only=True)
class Snoozed:
    """The handler asked to be run again in `seconds`."""

    seconds: float


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
class TimedOut:
    """The handler's process was killed at its deadline."""


@dataclass(frozen=True, kw_only=True)
class Gone:
    """The job was taken away meanwhile: there is nothing to settle."""


Ending = Returned | Snoozed | Refused | Raised | Crashed | TimedOut | Gone

TIMED_OUT = Trouble(
    error_class="TimeoutError",
    message="The attempt ran longer than the job's timeout.",
    outcome=Outcome.TIMED_OUT,
)


def trouble_of(error: BaseException) -> Trouble:
    """Return what is kept of an exception, whatever its own methods do."""
    kind = type(error)
    lines = traceback.format_exception(error)
    # The last line is made by the traceback module, which survives a __str__ that raises.
    message = lines[-1].strip().removeprefix(f"{kind.__module__}.")
    return Trouble.of(
        error_class=f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
        message=message.removeprefix(f"{kind.__qualname__}: "),
        traceback="".join(lines),
    )


def crash_of(claim: Claim, why: str) -> Crashed:
    """Return the ending of a claim whose process died."""
    message = f"The process of job {claim.id} died: {why}."
    return Crashed(trouble=Trouble.of(error_class="", message=message, outcome=Outcome.CRASHED))
