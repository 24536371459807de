"""Ending attempts, many at a time: UPDATEs that change nothing where the token is not current."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from django.db import transaction

from queues.conf import MAX_ATTEMPT_ROWS, get_queues
from queues.database import array, execute, fetch, fetch_prepared
from queues.models.attempt import Outcome
from queues.resolving import resolve
from queues.settlement import Completed, Settlement, Troubled, Verdict
from queues.statements.settling import LOCKED, SETTLE_COMPLETED, SETTLE_TROUBLE
from queues.statements.turns import CLOSE_KEYS, GIVE_KEYS
from queues.states import State
from queues.transport.hints import Hint, push

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from queues.claims import Claim


def settle(settlements: Sequence[Settlement]) -> list[Verdict]:
    """Write what became of claims, in one statement for all that completed and one for the rest.

    Returns a verdict for each, LOST where the job is somebody else's by now. Locks the rows until
    the caller's transaction ends, or its own. What it writes is on disk when it returns, unless
    the caller's transaction is open. Raises DatabaseError, with none of the jobs settled.
    """
    completed = [one for one in settlements if isinstance(one, Completed)]
    troubled = [one for one in settlements if isinstance(one, Troubled)]
    is_awaited = any(one.claim.is_child for one in settlements)
    # Together: whoever tries again after an error must not find half of them gone.
    is_more = (completed and troubled) or any(one.closes for one in troubled)
    with transaction.atomic() if is_more or is_awaited else nullcontext():
        moved = _complete(completed) | _trouble(troubled)
        if is_awaited:
            resolve(_ended_children(settlements, moved))
    return [
        one.verdict if (one.claim.id, one.claim.token) in moved else Verdict.LOST
        for one in settlements
    ]


def locked(ids: Sequence[int]) -> set[int]:
    """Return those of these jobs whose rows somebody else has locked just now."""
    return {row[0] for row in fetch(LOCKED, {"ids": list(ids)})}


def _ended_children(
    settlements: Sequence[Settlement], moved: set[tuple[int, int]]
) -> Iterator[int]:
    """Return the ids of jobs that are finished now and that others wait for."""
    for one in settlements:
        is_mine = one.claim.is_child and (one.claim.id, one.claim.token) in moved
        if is_mine and one.verdict in {Verdict.COMPLETED, Verdict.FAILED}:
            yield one.claim.id


def _complete(completed: Sequence[Completed]) -> set[tuple[int, int]]:
    """Complete jobs and return the ids and tokens of those that were ours to complete.

    A job that retention would delete at once, because enough others ended later in this very
    batch, is deleted instead of being updated first.
    """
    if not completed:
        return set()
    params = {
        "ids": array([one.claim.id for one in completed]),
        "tokens": array([one.claim.token for one in completed]),
        "results": [one.result for one in completed],
        "spare": _spare(completed),
    }
    if params["results"].count(None) == len(completed):
        params["results"] = array(["NULL"] * len(completed))
    return _ended(fetch_prepared(SETTLE_COMPLETED, params))


def _spare(completed: Sequence[Completed]) -> str:
    """Say of each job, as an array's text, whether its retention is used up by later ones."""
    queues, newer, spare = get_queues(), Counter[str](), []
    for one in reversed(completed):
        claim = one.claim
        keep = claim.keep_completed
        if keep is None:
            keep = queues[claim.queue].keep_completed.count
        is_alone = not claim.is_reserved and not claim.is_child
        goes = one.is_bare and is_alone and 0 <= keep <= newer[claim.queue]
        spare.append("t" if goes else "f")
        newer[claim.queue] += not goes
    return array(spare[::-1])


def _trouble(troubled: Sequence[Troubled]) -> set[tuple[int, int]]:
    if not troubled:
        return set()
    columns = zip(*(_row(one).values() for one in troubled), strict=True)
    params = dict(zip(_row(troubled[0]), map(list, columns), strict=True))
    moved = _ended(fetch(SETTLE_TROUBLE, {**params, "most_attempts": MAX_ATTEMPT_ROWS}))
    _close([one for one in troubled if one.closes and (one.claim.id, one.claim.token) in moved])
    _push_later(
        [
            _hint(one.claim, front=one.front)
            for one in troubled
            if one.state is State.WAITING and (one.claim.id, one.claim.token) in moved
        ]
    )
    return moved


def _close(limited: Sequence[Troubled]) -> None:
    """Close the keys that handlers found closed on the other side, and give jobs their key."""
    if not limited:
        return
    params = {
        "ids": [one.claim.id for one in limited],
        "tokens": [one.claim.token for one in limited],
        "keys": [one.closes for one in limited],
        "seconds": [one.closed_seconds for one in limited],
    }
    execute(CLOSE_KEYS, params)
    execute(GIVE_KEYS, params)


def _row(one: Troubled) -> dict[str, Any]:
    trouble = one.trouble
    return {
        "id": one.claim.id,
        "token": one.claim.token,
        "state": one.state.value,
        "front": one.front,
        "cause": one.cause.value,
        "wait_ms": one.wait_ms,
        "given_back": one.given_back,
        "crashed": one.crashed,
        "is_try": one.is_try,
        "outcome": trouble.outcome.value,
        "error_class": trouble.error_class,
        "error_message": "" if trouble.outcome is Outcome.SNOOZED else trouble.message,
        "note": trouble.message,
        "traceback": trouble.traceback,
        "place": trouble.place,
        "fingerprint": trouble.fingerprint(one.claim.kind),
    }


def _hint(claim: Claim, *, front: bool) -> Hint:
    return Hint(id=claim.id, queue=claim.queue, priority=claim.priority, front=front)


def _ended(rows: list[tuple[Any, ...]]) -> set[tuple[int, int]]:
    """Push the jobs that followed others, and return ids and tokens of those that moved."""
    moved = {(row[0], row[-1]) for row in rows if row[0] is not None}
    if len(moved) < len(rows):
        push_followers([row[:-1] for row in rows])
    return moved


def push_followers(rows: list[tuple[Any, ...]]) -> None:
    """Push the jobs that began to wait because others ended, once that is committed."""
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
