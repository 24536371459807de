"""Ending an attempt: one guarded UPDATE, which changes nothing if the token is not current."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import transaction

from queues.conf import MAX_CRASHES, MAX_MESSAGE, MAX_TRACEBACK
from queues.database import fetch
from queues.models.attempt import Outcome
from queues.models.job import Cause
from queues.statements.settling import SETTLE_COMPLETED, SETTLE_TROUBLE
from queues.states import Event, State, move
from queues.transport.hints import Hint, push

if TYPE_CHECKING:
    from queues.claims import Claim


class Verdict(StrEnum):
    """What became of a settling. LOST means that somebody else has the job; nothing was written."""

    COMPLETED = "completed"
    RETRYING = "retrying"
    FAILED = "failed"
    SNOOZED = "snoozed"
    CRASHED = "crashed"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why an attempt did not complete its job, in text that Postgres can store."""

    error_class: str
    message: str
    traceback: str = ""
    outcome: Outcome = Outcome.FAILED

    @classmethod
    def of(
        cls,
        *,
        error_class: str,
        message: str,
        traceback: str = "",
        outcome: Outcome = Outcome.FAILED,
    ) -> Trouble:
        """Return a trouble whose texts are cut, with NULs and lone surrogates replaced."""
        return cls(
            error_class=scrub(error_class)[:200],
            message=scrub(message)[:MAX_MESSAGE],
            traceback=scrub(traceback)[-MAX_TRACEBACK:],
            outcome=outcome,
        )


def scrub(text: str) -> str:
    """Return text without NULs and lone surrogates, neither of which Postgres stores."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def complete(claim: Claim, result: object) -> Verdict:
    """Settle a claim as completed. The result must have passed `results.check_result`."""
    params = {"id": claim.id, "token": claim.token, "result": json.dumps(result)}
    rows = fetch(SETTLE_COMPLETED, params)
    push_followers(rows)
    return Verdict.COMPLETED if rows else Verdict.LOST


def fail_attempt(
    claim: Claim,
    trouble: Trouble,
    *,
    cause: Cause = Cause.ATTEMPTS,
    wait_ms: int | None = None,
) -> Verdict:
    """Settle a failed attempt: another one after its backoff, or failed with `cause`.

    `wait_ms` replaces what the job's backoff says.
    """
    if claim.attempt >= claim.max_attempts:
        return give_up(claim, trouble, cause=cause)
    if wait_ms is None:
        # Spreads retries in time; nothing secret depends on it.
        wait_ms = claim.backoff.wait_ms(claim.attempt, roll=random.random())  # noqa: S311
    state = move(Event.RAISE, State.ACTIVE, State.DELAYED if wait_ms else State.WAITING)
    return _settle(claim, trouble, state=state, wait_ms=wait_ms, verdict=Verdict.RETRYING)


def give_up(claim: Claim, trouble: Trouble, *, cause: Cause) -> Verdict:
    """Settle as failed at once, whatever attempts are left."""
    state = move(Event.GIVE_UP, State.ACTIVE, State.FAILED)
    return _settle(claim, trouble, state=state, cause=cause, verdict=Verdict.FAILED)


def snooze(claim: Claim, seconds: float) -> Verdict:
    """Settle as delayed by `seconds`, and give the attempt back."""
    state = move(Event.SNOOZE, State.ACTIVE, State.DELAYED)
    note = Trouble(error_class="", message=f"for {seconds} s", outcome=Outcome.SNOOZED)
    # Rounded up, so that the shortest snooze is a delay too.
    wait_ms = max(1, round(seconds * 1000))
    return _settle(claim, note, state=state, wait_ms=wait_ms, given_back=1, verdict=Verdict.SNOOZED)


def crash(claim: Claim, trouble: Trouble) -> Verdict:
    """Settle an attempt whose process died: to the front, or failed after too many crashes."""
    is_last = claim.crashes >= MAX_CRASHES
    state = move(Event.CRASH, State.ACTIVE, State.FAILED if is_last else State.WAITING)
    return _settle(
        claim,
        trouble,
        state=state,
        cause=Cause.CRASHED if is_last else Cause.NONE,
        given_back=1,
        crashed=1,
        verdict=Verdict.FAILED if is_last else Verdict.CRASHED,
    )


def push_followers(rows: list[tuple[Any, ...]]) -> None:
    """Push the jobs that began to wait because others ended."""
    _push_later(
        [
            Hint(id=id_, queue=queue, priority=priority, front=front)
            for _, id_, queue, priority, state, front in rows
            if id_ is not None and state == State.WAITING
        ]
    )


def _push_later(hints: list[Hint]) -> None:
    """Push once the settling is committed, which may be in a handler's own transaction."""
    if hints:
        transaction.on_commit(lambda: push(hints))


def _settle(
    claim: Claim,
    trouble: Trouble,
    *,
    state: State,
    verdict: Verdict,
    cause: Cause = Cause.NONE,
    wait_ms: int = 0,
    given_back: int = 0,
    crashed: int = 0,
) -> Verdict:
    params = {
        "id": claim.id,
        "token": claim.token,
        "state": state,
        "front": bool(crashed) and state is State.WAITING,
        "cause": cause,
        "wait_ms": wait_ms,
        "given_back": given_back,
        "crashed": crashed,
        "outcome": trouble.outcome,
        "error_class": trouble.error_class,
        "error_message": "" if trouble.outcome is Outcome.SNOOZED else trouble.message,
        "note": trouble.message,
        "traceback": trouble.traceback,
    }
    rows = fetch(SETTLE_TROUBLE, params)
    if not rows:
        return Verdict.LOST
    if state is State.WAITING:
        hint = Hint(id=claim.id, queue=claim.queue, priority=claim.priority, front=bool(crashed))
        _push_later([hint])
    push_followers(rows)
    return verdict
