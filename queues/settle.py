"""Ending an attempt: one guarded UPDATE, which changes nothing if the token is not current."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from queues.database import fetch
from queues.models.attempt import Outcome
from queues.models.job import Cause
from queues.statements import SETTLE_COMPLETED, SETTLE_TROUBLE
from queues.states import Event, State, move
from queues.transport.hints import Hint, push

if TYPE_CHECKING:
    from queues.claims import Claim

MAX_TRACEBACK: Final = 16 * 1024
MAX_MESSAGE: Final = 4096


class Verdict(StrEnum):
    """What became of a settling. LOST means that somebody else has the job; nothing was written."""

    COMPLETED = "completed"
    RETRYING = "retrying"
    FAILED = "failed"
    SNOOZED = "snoozed"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why an attempt did not complete its job, in text that Postgres can store."""

    error_class: str
    message: str
    traceback: str = ""
    outcome: Outcome = Outcome.FAILED

    @classmethod
    def of(cls, *, error_class: str, message: str, traceback: str = "") -> Trouble:
        """Return a failure whose texts are cut, with NULs and lone surrogates replaced."""
        return cls(
            error_class=scrub(error_class)[:200],
            message=scrub(message)[:MAX_MESSAGE],
            traceback=scrub(traceback)[-MAX_TRACEBACK:],
        )


def scrub(text: str) -> str:
    """Return text without NULs and lone surrogates, neither of which Postgres stores."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def complete(claim: Claim, result: object) -> Verdict:
    """Settle a claim as completed. The result must have passed `execution.check_result`."""
    params = {"id": claim.id, "token": claim.token, "result": json.dumps(result)}
    return Verdict.COMPLETED if fetch(SETTLE_COMPLETED, params) else Verdict.LOST


def fail_attempt(claim: Claim, trouble: Trouble, *, cause: Cause = Cause.ATTEMPTS) -> Verdict:
    """Settle a failed attempt: another one after its backoff, or failed with `cause`."""
    if claim.attempt >= claim.max_attempts:
        return give_up(claim, trouble, cause=cause)
    # Spreads retries in time; nothing secret depends on it.
    wait_ms = claim.backoff.wait_ms(claim.attempt, roll=random.random())  # noqa: S311
    state = move(Event.RAISE, State.ACTIVE, State.DELAYED if wait_ms else State.WAITING)
    verdict = _settle(claim, trouble, state=state, wait_ms=wait_ms, verdict=Verdict.RETRYING)
    if verdict is Verdict.RETRYING and state is State.WAITING:
        push([Hint(id=claim.id, queue=claim.queue)])
    return verdict


def give_up(claim: Claim, trouble: Trouble, *, cause: Cause) -> Verdict:
    """Settle as failed at once, whatever attempts are left."""
    state = move(Event.GIVE_UP, State.ACTIVE, State.FAILED)
    return _settle(claim, trouble, state=state, cause=cause, verdict=Verdict.FAILED)


def snooze(claim: Claim, seconds: float) -> Verdict:
    """Settle as delayed by `seconds`, and give the attempt back."""
    state = move(Event.SNOOZE, State.ACTIVE, State.DELAYED)
    note = Trouble(error_class="", message=f"for {seconds} s", outcome=Outcome.SNOOZED)
    wait_ms = int(seconds * 1000)
    return _settle(claim, note, state=state, wait_ms=wait_ms, given_back=1, verdict=Verdict.SNOOZED)


def _settle(
    claim: Claim,
    trouble: Trouble,
    *,
    state: State,
    verdict: Verdict,
    cause: Cause = Cause.NONE,
    wait_ms: int = 0,
    given_back: int = 0,
) -> Verdict:
    is_snooze = trouble.outcome is Outcome.SNOOZED
    params = {
        "id": claim.id,
        "token": claim.token,
        "state": state,
        "cause": cause,
        "wait_ms": wait_ms,
        "given_back": given_back,
        "outcome": trouble.outcome,
        "error_class": trouble.error_class,
        "error_message": "" if is_snooze else trouble.message,
        "note": trouble.message,
        "traceback": trouble.traceback,
    }
    return verdict if fetch(SETTLE_TROUBLE, params) else Verdict.LOST
