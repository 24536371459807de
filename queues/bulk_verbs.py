"""The verbs that are done to many jobs, and which of them can be undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from queues.statements.bulk import (
    CANCEL_MANY,
    PRIORITY_MANY,
    PROMOTE_MANY,
    REMOVE_MANY,
    RETRY_MANY,
    UNDO_CANCEL,
    UNDO_PRIORITY,
    UNDO_PROMOTE,
)
from queues.states import FINISHED, LIVE, State

if TYPE_CHECKING:
    from collections.abc import Mapping


class Moved(NamedTuple):
    """A job as a verb left it. `is_follower` says that it is new, and follows one that ended."""

    id: int
    queue: str
    kind: str
    priority: int
    state: str
    front: bool
    is_follower: bool


@dataclass(frozen=True, kw_only=True)
class BulkVerb:
    """A verb: the states of the jobs that it fits, its statement, and the one that undoes it."""

    fits: frozenset[State]
    statement: str
    undo: str | None = None


NOT_BEGUN: Final = frozenset({State.WAITING, State.DELAYED})
REMOVABLE: Final = frozenset(State) - {State.ACTIVE, State.WAITING_CHILDREN}
VERBS: Final[Mapping[str, BulkVerb]] = {
    "retry": BulkVerb(fits=FINISHED, statement=RETRY_MANY),
    "cancel": BulkVerb(fits=LIVE, statement=CANCEL_MANY, undo=UNDO_CANCEL),
    "promote": BulkVerb(fits=frozenset({State.DELAYED}), statement=PROMOTE_MANY, undo=UNDO_PROMOTE),
    "priority": BulkVerb(fits=NOT_BEGUN, statement=PRIORITY_MANY, undo=UNDO_PRIORITY),
    "remove": BulkVerb(fits=REMOVABLE, statement=REMOVE_MANY),
}
PRIORITY: Final = "priority"
CANCEL: Final = "cancel"
# The verbs that end jobs, and those that let ended ones go on: a retry, and undoing a cancel.
ENDING: Final = (CANCEL, "remove")
GOING_ON: Final = ("retry", CANCEL)
UNDO: Final = "undo"
