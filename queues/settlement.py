"""What the ending of an attempt means for its job. Pure: nothing is written here."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from queues.conf import MAX_CRASHES
from queues.endings import (
    Crashed,
    CutOff,
    Ending,
    Gone,
    Raised,
    Refused,
    Returned,
    Snoozed,
    TimedOut,
    TooNew,
    Waits,
)
from queues.models.attempt import Outcome
from queues.models.job import Cause
from queues.states import Event, State, move
from queues.trouble import TIMED_OUT, Trouble

if TYPE_CHECKING:
    from queues.claims import Claim

# How soon another worker, after a deploy, may find a job whose payload this one does not know.
TOO_NEW_WAIT_MS: Final = 10_000
# The wait after a lost connection, five times as long after each in a row.
CUT_OFF_WAIT_MS: Final = 1000


class Verdict(StrEnum):
    """What became of a settling. LOST means that somebody else has the job; nothing was written."""

    COMPLETED = "completed"
    RETRYING = "retrying"
    FAILED = "failed"
    SNOOZED = "snoozed"
    CRASHED = "crashed"
    PARKED = "waiting for children"
    LOST = "lost"


class Completed(NamedTuple):
    """The job is completed. `result` is JSON text, or None for a null.

    `is_bare` says that no row belongs to the job but its own: no attempt, no line, no effect.
    """

    claim: Claim
    result: str | None
    is_bare: bool = False

    @property
    def verdict(self) -> Verdict:
        """What became of it, unless the claim was lost."""
        return Verdict.COMPLETED

    @property
    def state(self) -> State:
        """Where the job goes."""
        return State.COMPLETED


@dataclass(frozen=True, kw_only=True)
class Troubled:
    """The attempt leaves a row, and the job goes to `state`, from `wait_ms` after now if delayed.

    With None for `wait_ms` it is due as it was. `given_back` and `crashed` are 0 or 1: attempts
    fewer, crashes more. `closes` is a key that stays closed for `closed_seconds`. What was no try,
    for the handler was not called, leaves no row.
    """

    claim: Claim
    trouble: Trouble
    state: State
    verdict: Verdict
    cause: Cause = Cause.NONE
    wait_ms: int | None = 0
    closes: str = ""
    closed_seconds: float = 0.0
    given_back: int = 0
    crashed: int = 0
    is_try: bool = True

    @property
    def front(self) -> bool:
        """Whether the job goes to the front of its queue."""
        return bool(self.crashed) and self.state is State.WAITING


Settlement = Completed | Troubled


def settlement_of(  # noqa: C901, PLR0911  (one for each)
    claim: Claim, ending: Ending, *, is_bare: bool = False
) -> Settlement | None:
    """Return what an ending means for the job; None if there is nothing to settle.

    That is so, too, for a job that waits for children: see `queues.parking`.
    """
    match ending:
        case Returned(result):
            return Completed(claim, result, is_bare)
        case Snoozed(seconds=seconds, key=""):
            return _snoozed(claim, seconds)
        case Snoozed(seconds=seconds, key=key):
            return _limited(claim, seconds, key)
        case Refused(trouble=trouble) | Raised(trouble=trouble, may_retry=False):
            return _given_up(claim, trouble, Cause.REFUSED)
        case Raised(trouble=trouble, wait_ms=wait_ms):
            return _failed(claim, trouble, Cause.ATTEMPTS, wait_ms)
        case Crashed(trouble=trouble):
            return _crashed(claim, trouble)
        case CutOff(trouble=trouble):
            return _cut_off(claim, trouble)
        case TimedOut():
            return _failed(claim, TIMED_OUT, Cause.TIMEOUT, None)
        case TooNew(why=why):
            return _put_off(claim, why)
        case Gone() | Waits():
            return None


def _failed(claim: Claim, trouble: Trouble, cause: Cause, wait_ms: int | None) -> Troubled:
    """Another attempt after its backoff, or failed with `cause`."""
    if claim.attempt >= claim.max_attempts:
        return _given_up(claim, trouble, cause)
    if wait_ms is None:
        # Spreads retries in time; nothing secret depends on it.
        wait_ms = claim.backoff.wait_ms(claim.attempt, roll=random.random())  # noqa: S311
    state = move(Event.RAISE, State.ACTIVE, State.DELAYED if wait_ms else State.WAITING)
    return Troubled(
        claim=claim, trouble=trouble, state=state, wait_ms=wait_ms, verdict=Verdict.RETRYING
    )


def _given_up(claim: Claim, trouble: Trouble, cause: Cause) -> Troubled:
    """Failed at once, whatever attempts are left."""
    state = move(Event.GIVE_UP, State.ACTIVE, State.FAILED)
    return Troubled(claim=claim, trouble=trouble, state=state, cause=cause, verdict=Verdict.FAILED)


def _snoozed(claim: Claim, seconds: float) -> Troubled:
    """Delayed, and the attempt is given back."""
    return Troubled(
        claim=claim,
        trouble=Trouble(error_class="", message=f"for {seconds} s", outcome=Outcome.SNOOZED),
        state=move(Event.SNOOZE, State.ACTIVE, State.DELAYED),
        # Rounded up, so that the shortest snooze is a delay too.
        wait_ms=max(1, round(seconds * 1000)),
        given_back=1,
        verdict=Verdict.SNOOZED,
    )


def _limited(claim: Claim, seconds: float, key: str) -> Troubled:
    """Back to its place among the jobs of a key that is closed now; the attempt is given back."""
    message = f"{key} is closed for {seconds} s"
    return Troubled(
        claim=claim,
        trouble=Trouble(error_class="", message=message, outcome=Outcome.SNOOZED),
        state=move(Event.HAND_BACK, State.ACTIVE, State.WAITING),
        wait_ms=None,
        closes=key,
        closed_seconds=seconds,
        given_back=1,
        verdict=Verdict.SNOOZED,
    )


def _put_off(claim: Claim, why: str) -> Troubled:
    """Delayed until a worker with newer code may be there, as if it had not been claimed."""
    return Troubled(
        claim=claim,
        trouble=Trouble(error_class="", message=why, outcome=Outcome.SNOOZED),
        state=move(Event.SNOOZE, State.ACTIVE, State.DELAYED),
        wait_ms=TOO_NEW_WAIT_MS,
        given_back=1,
        is_try=False,
        verdict=Verdict.SNOOZED,
    )


def _crashed(claim: Claim, trouble: Trouble) -> Troubled:
    """To the front of the queue, or failed after too many crashes."""
    is_last = claim.crashes >= MAX_CRASHES
    return Troubled(
        claim=claim,
        trouble=trouble,
        state=move(Event.CRASH, State.ACTIVE, State.FAILED if is_last else State.WAITING),
        cause=Cause.CRASHED if is_last else Cause.NONE,
        given_back=1,
        crashed=1,
        verdict=Verdict.FAILED if is_last else Verdict.CRASHED,
    )


def _cut_off(claim: Claim, trouble: Trouble) -> Troubled:
    """Again a little later, and the attempt is given back; but counted, as a crash is.

    For it may be the handler that brings Postgres down.
    """
    crash = _crashed(claim, replace(trouble, outcome=Outcome.CRASHED))
    if crash.state is State.FAILED:
        return crash
    state = move(Event.CRASH, State.ACTIVE, State.DELAYED)
    return replace(crash, state=state, wait_ms=CUT_OFF_WAIT_MS * 5**claim.crashes)
