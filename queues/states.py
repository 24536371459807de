"""The states of a job and the legal moves between them. Pure; checked when imported.

`docs/state_machine.md` draws the same table, and a test holds the two together.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(StrEnum):
    """Where a job is. `paused` is not here: it belongs to a queue."""

    WAITING = "waiting"
    DELAYED = "delayed"
    WAITING_CHILDREN = "waiting-children"
    ACTIVE = "active"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Event(StrEnum):
    """What happens to a job. Each is one guarded UPDATE."""

    PROMOTE = "promote"
    CLAIM = "claim"
    RETURN = "return"
    RAISE = "raise"
    GIVE_UP = "give up"
    SNOOZE = "snooze"
    HAND_BACK = "hand back"
    CRASH = "crash"
    CANCEL = "cancel"
    RETRY = "retry"
    WAIT = "wait"
    RELEASE = "release"
    FAIL_CHILD = "child failed"
    REOPEN = "reopen"
    UNDO_CANCEL = "undo cancel"
    UNDO_PROMOTE = "undo promote"


INITIAL: Final = frozenset({State.WAITING, State.DELAYED, State.WAITING_CHILDREN})
FINISHED: Final = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED})
LIVE: Final = frozenset(State) - FINISHED

TRANSITIONS: Final[Mapping[Event, tuple[frozenset[State], frozenset[State]]]] = {
    Event.PROMOTE: (frozenset({State.DELAYED}), frozenset({State.WAITING})),
    Event.CLAIM: (frozenset({State.WAITING}), frozenset({State.ACTIVE})),
    Event.RETURN: (frozenset({State.ACTIVE}), frozenset({State.COMPLETED})),
    Event.RAISE: (frozenset({State.ACTIVE}), frozenset({State.DELAYED, State.WAITING})),
    Event.GIVE_UP: (frozenset({State.ACTIVE}), frozenset({State.FAILED})),
    Event.SNOOZE: (frozenset({State.ACTIVE}), frozenset({State.DELAYED})),
    Event.HAND_BACK: (frozenset({State.ACTIVE}), frozenset({State.WAITING})),
    Event.CRASH: (
        frozenset({State.ACTIVE}),
        frozenset({State.WAITING, State.DELAYED, State.FAILED}),
    ),
    Event.CANCEL: (LIVE, frozenset({State.CANCELLED})),
    Event.RETRY: (FINISHED, frozenset({State.WAITING})),
    Event.WAIT: (frozenset({State.ACTIVE}), frozenset({State.WAITING_CHILDREN})),
    Event.RELEASE: (frozenset({State.WAITING_CHILDREN}), frozenset({State.WAITING, State.DELAYED})),
    Event.FAIL_CHILD: (frozenset({State.WAITING_CHILDREN}), frozenset({State.FAILED})),
    Event.REOPEN: (frozenset({State.FAILED}), frozenset({State.WAITING_CHILDREN})),
    Event.UNDO_CANCEL: (frozenset({State.CANCELLED}), INITIAL),
    Event.UNDO_PROMOTE: (frozenset({State.WAITING}), frozenset({State.DELAYED})),
}


class IllegalMoveError(ValueError):
    """The transition table has no such move."""


def move(event: Event, source: State, target: State) -> State:
    """Return `target` if the table allows the move, else raise IllegalMoveError."""
    sources, targets = TRANSITIONS[event]
    if source not in sources or target not in targets:
        raise IllegalMoveError(f"{event}: a job cannot go from {source} to {target}.")
    return target


def _check(table: Mapping[Event, tuple[frozenset[State], frozenset[State]]]) -> None:
    reached = set(INITIAL).union(*(targets for _, targets in table.values()))
    left = set().union(*(sources for sources, _ in table.values()))
    leaving = {e for e, (sources, _) in table.items() if sources & FINISHED}
    if set(table) != set(Event):
        raise IllegalMoveError("Every event needs its row in the table.")
    if reached != set(State) or left != set(State):
        raise IllegalMoveError("Every state must be reached and be left by some event.")
    if leaving != {Event.RETRY, Event.REOPEN, Event.UNDO_CANCEL}:
        raise IllegalMoveError("A finished job is moved by an operator only.")


_check(TRANSITIONS)
