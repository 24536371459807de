"""What operators do to whole queues while workers run. Workers follow within a second.

Each verb that did something records itself in the audit, in the transaction that does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models.functions import Now

from queues import audit
from queues.conf import MAX_SLOTS, get_queues
from queues.control import ControlError
from queues.database import despite_deadlocks, fetch
from queues.happenings import Word, announce
from queues.keep import MAX_AGE
from queues.models import QueueControl
from queues.resolving import resolve
from queues.statements.operating import CLEAN, DRAIN, WOULD_CLEAN, WOULD_DRAIN
from queues.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from queues.rate import Rate

MAX_CAP: Final = 1_000_000
MAX_CLEAN: Final = 1_000_000
CHUNK: Final = 1000
SAID: Final = {"pause": Word.PAUSED, "resume": Word.RESUMED}
KEPT: Final = (State.ACTIVE, State.WAITING_CHILDREN)
CLEANABLE: Final = tuple(state.value for state in State if state not in KEPT)


def pause(queue: str) -> QueueControl:
    """Let no job of the queue begin any more; jobs are accepted all the same, and running ones end.

    Raises ControlError for an unknown queue.
    """
    return _set("pause", queue, paused_at=Now())


def resume(queue: str) -> QueueControl:
    """Undo a pause. Raises ControlError for an unknown queue."""
    return _set("resume", queue, paused_at=None)


def set_cap(queue: str, cap: int | None) -> QueueControl:
    """Let at most `cap` jobs of the queue run at once, over all workers; None for no cap.

    Raises ControlError.
    """
    return _set("cap", queue, cap=_checked("cap", cap, MAX_CAP))


def set_slots(queue: str, slots: int | None) -> QueueControl:
    """Let each worker run `slots` jobs of the queue side by side; None for what it began with.

    Raises ControlError.
    """
    return _set("slots", queue, slots=_checked("slots", slots, MAX_SLOTS))


def set_rate(queue: str, rate: Rate | None) -> QueueControl:
    """Let so many jobs of the queue begin in a time, over all workers; None for no rate.

    Raises ControlError for an unknown queue.
    """
    count, per = (rate.count, rate.per) if rate else (None, None)
    return _set("rate", queue, rate=count, per_seconds=per, opens_at=None)


def set_fair(queue: str, fair: bool) -> QueueControl:
    """Let the keys of the queue take turns, or serve first what came first.

    Raises ControlError.
    """
    if type(fair) is not bool:
        raise ControlError(f"fair is {fair!r}; allowed: True, False.")
    return _set("fair" if fair else "first-come", queue, is_fair=fair)


@transaction.atomic
def change(queue: str, **wanted: Any) -> None:
    """Set several of SETTINGS at once, as their verbs do: all of them, or none.

    Raises ControlError.
    """
    for name, value in wanted.items():
        SETTINGS[name](queue, value)


# The verbs that take a value, by what they set.
SETTINGS: Final[Mapping[str, Callable[[str, Any], object]]] = {
    "cap": set_cap,
    "slots": set_slots,
    "rate": set_rate,
    "fair": set_fair,
}


def drain(queue: str, *, delayed: bool = False) -> int:
    """Delete what waits in the queue, and what is delayed if asked for; return how many.

    Goes in steps of 1,000 jobs, each with its own entry in the audit. Raises ControlError for an
    unknown queue.
    """
    target, removed = _drained(queue, delayed=delayed), 0
    while found := _remove("drain", DRAIN, target, limit=CHUNK):
        removed += found
    return removed


def would_drain(queue: str, *, delayed: bool = False) -> int:
    """Return how many jobs `drain` would delete now. Raises as it does."""
    return _counted(WOULD_DRAIN, _drained(queue, delayed=delayed))


def clean(queue: str, state: str, *, older_than: float = 0, limit: int = CHUNK) -> int:
    """Delete the oldest jobs of one state, `limit` at most; return how many that were.

    `older_than` is seconds since they finished, or since they were due. Raises ControlError.
    """
    target = _cleaned(queue, state, older_than=older_than, limit=limit)
    return _remove("clean", CLEAN, target, limit=limit)


def would_clean(queue: str, state: str, *, older_than: float = 0, limit: int = CHUNK) -> int:
    """Return how many jobs `clean` would delete now. Raises as it does."""
    target = _cleaned(queue, state, older_than=older_than, limit=limit)
    return _counted(WOULD_CLEAN, {**target, "limit": limit})


def _drained(queue: str, *, delayed: bool) -> dict[str, Any]:
    _known(queue)
    states = [State.WAITING.value, *([State.DELAYED.value] if delayed else [])]
    return {"queue": queue, "states": states}


def _cleaned(queue: str, state: str, *, older_than: float, limit: int) -> dict[str, Any]:
    _known(queue)
    if state not in CLEANABLE:
        raise ControlError(f"state is {state!r}; allowed: {', '.join(CLEANABLE)}.")
    if type(limit) is not int or not 1 <= limit <= MAX_CLEAN:
        raise ControlError(f"limit is {limit!r}; allowed: a whole number, 1 to {MAX_CLEAN}.")
    if type(older_than) not in {int, float} or not 0 <= older_than <= MAX_AGE:
        raise ControlError(f"older_than is {older_than!r}; allowed: seconds, 0 to {MAX_AGE}.")
    return {"queue": queue, "state": state, "older_than": older_than}


def _counted(statement: str, params: dict[str, Any]) -> int:
    return int(fetch(statement, params)[0][0])


@despite_deadlocks
@transaction.atomic
def _remove(verb: str, statement: str, target: dict[str, Any], *, limit: int) -> int:
    """Delete jobs, and tell those that waited for them; return how many."""
    gone = [row[0] for row in fetch(statement, {**target, "limit": limit})]
    resolve(gone)
    if gone:
        audit.record(verb, target, count=len(gone))
        announce(Word.REMOVED, target["queue"], gone)
    return len(gone)


@transaction.atomic
def _set(verb: str, queue: str, **values: object) -> QueueControl:
    _known(queue)
    before = QueueControl.objects.select_for_update(no_key=True).filter(name=queue).first()
    control, _ = QueueControl.objects.update_or_create(name=queue, defaults=values)
    control.refresh_from_db()
    audit.record(verb, {"queue": queue}, before=_facts(before), after=_facts(control))
    announce(SAID.get(verb, Word.CHANGED), queue)
    return control


def _facts(control: QueueControl | None) -> dict[str, Any]:
    """Return what is set for a queue, as JSON."""
    control = control or QueueControl()
    paused_at = control.paused_at.isoformat() if control.paused_at else None
    return {
        "paused_at": paused_at,
        "cap": control.cap,
        "slots": control.slots,
        "rate": control.rate,
        "per_seconds": control.per_seconds,
        "is_fair": control.is_fair,
    }


def _known(queue: str) -> None:
    if queue not in get_queues():
        raise ControlError(f"queue is {queue!r}; allowed: {', '.join(get_queues())}.")


def _checked(name: str, value: int | None, most: int) -> int | None:
    if value is not None and (type(value) is not int or not 1 <= value <= most):
        raise ControlError(f"{name} is {value!r}; allowed: 1 to {most}, or None.")
    return value
