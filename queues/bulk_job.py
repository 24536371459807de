"""The job that carries an operation out: chunk by chunk, each one transaction with its cursor.

Whoever is killed in between leaves whole chunks behind, and the next attempt goes on after them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar, Final

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from queues import metrics
from queues.arguments import Arguments
from queues.bulk_verbs import CANCEL, ENDING, GOING_ON, PRIORITY, VERBS, Moved
from queues.conf import MAX_ATTEMPTS, MAX_TIMEOUT_SECONDS, get_queues
from queues.database import fetch
from queues.filters import parse
from queues.happenings import Word, tell
from queues.models import Job, Operation
from queues.registry import handles
from queues.resolving import decide, lock, reopen, resolve
from queues.statements.bulk import HOLD, HOLD_FREE
from queues.states import LIVE, State
from queues.transport import hints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from queues.context import Context
    from queues.filters import JobFilter

# Jobs that a transaction moves, and rows that it looks at to find them.
CHUNK: Final = 1000
WINDOW: Final = 10_000
# What those who look on are told, where it is not the state that a job went to.
WORDS: Final = {PRIORITY: Word.CHANGED, "remove": Word.REMOVED}


@dataclass(frozen=True, kw_only=True)
class Bulk(Arguments):
    """Carry an operation out."""

    kind: ClassVar[str] = "queues.bulk"

    operation_id: int

    @property
    def job_name(self) -> str:
        """Which operation it is."""
        return f"operation {self.operation_id}"


def meant(wanted: JobFilter) -> QuerySet[Job]:
    """Return the jobs that an operation with this filter is about.

    Jobs of operations are left out: to cancel its own job would end it half done, and to retry
    those of stopped ones would let them all go on.
    """
    return wanted.queryset().exclude(kind=Bulk.kind)


# Which queue is chosen when an operation begins. It may fail often, for what is done stays done.
@handles(
    Bulk,
    queue=next(iter(get_queues())),
    attempts=MAX_ATTEMPTS,
    backoff={"type": "exponential", "delay": 1000, "cap": 60_000},
    timeout=MAX_TIMEOUT_SECONDS,
    is_internal=True,
)
def bulk(arguments: Bulk, context: Context) -> dict[str, int] | None:
    """Do chunk after chunk; return what was done, or None if the operation was stopped.

    It goes on after the last chunk of whoever tried before, also when that was stopped.
    """
    while not context.cancelled and (operation := _step(arguments.operation_id, context)):
        looked_at = operation.done + operation.passed_over
        context.progress(looked_at, max(looked_at, operation.total), f"{operation.done} done")
        if operation.state == Operation.State.DONE:
            return {"done": operation.done, "passedOver": operation.passed_over}
    return None


@transaction.atomic
def _step(operation_id: int, context: Context) -> Operation | None:
    """Do one chunk and return the operation; None if this attempt has no business with it."""
    operation = _lock(operation_id, context)
    if operation is None:
        return None
    found, end = _undone_next(operation) if operation.undoes else _found_next(operation)
    if end is None:
        operation.state, operation.finished_at = Operation.State.DONE, Now()
    else:
        held = _hold(found)
        moved = _apply(operation, held)
        done = sum(not one.is_follower for one in moved)
        operation.done += done
        operation.passed_over += len(held) - done
        operation.cursor = end if len(held) == len(found) else held[-1]
    operation.save(
        update_fields=["state", "must_stop", "finished_at", "done", "passed_over", "cursor"]
    )
    return operation


def _lock(operation_id: int, context: Context) -> Operation | None:
    """Lock the operation, so that two attempts take turns; None if it is not this one's.

    An operation is stopped once its job has ended. If that runs again, an operator wants it to.
    """
    operations = Operation.objects.select_related("undoes").select_for_update(
        no_key=True, of=("self",)
    )
    operation = operations.filter(pk=operation_id, job_id=context.job_id).first()
    mine = Job.objects.filter(pk=context.job_id, token=context.token, state=State.ACTIVE)
    if operation is None or operation.state == Operation.State.DONE or not mine.exists():
        return None
    if operation.state == Operation.State.STOPPED:
        operation.state, operation.must_stop = Operation.State.RUNNING, False
        operation.finished_at = None
    return None if operation.must_stop else operation


def _found_next(operation: Operation) -> tuple[list[int], int | None]:
    """Return the next ids of the filter, and up to which id was looked; None when all is done.

    Few of many rows may fit. The window keeps a chunk from looking at all of them.
    """
    beyond = Job.objects.filter(pk__gt=operation.cursor, pk__lte=operation.last_id)
    window = beyond.order_by("pk").values("pk")[:WINDOW]
    end: int | None = window.aggregate(end=Max("pk"))["end"]
    if end is None:
        return [], None
    jobs = meant(parse(operation.filter)).filter(pk__gt=operation.cursor, pk__lte=end)
    ids = list(jobs.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    return ids, ids[-1] if len(ids) == CHUNK else end


def _undone_next(operation: Operation) -> tuple[list[int], int | None]:
    """Return the next ids that the undone operation changed, and the last of them."""
    changes = operation.undoes.changes.filter(job_id__gt=operation.cursor)  # type: ignore[union-attr]
    ids = list(changes.order_by("job_id").values_list("job_id", flat=True)[:CHUNK])
    return ids, ids[-1] if ids else None


def _hold(ids: Sequence[int]) -> list[int]:
    """Lock jobs from the first on, as far as nobody else holds one; return their ids.

    Others lock many jobs in an order of their own. Only the first is waited for, while no other is
    held, so that nobody waits in a ring.
    """
    if not ids:
        return []
    fetch(HOLD, {"id": ids[0]})
    free = {id_ for (id_,) in fetch(HOLD_FREE, {"ids": list(ids)})}
    return [ids[0], *takewhile(free.__contains__, ids[1:])]


def _apply(operation: Operation, held: Sequence[int]) -> list[Moved]:
    """Do the verb to those of the held jobs that are still meant."""
    params = {"operation": operation.pk, "value": operation.value, "undoes": operation.undoes_id}
    if operation.undoes:
        verb, ids = operation.undoes.verb, list(held)
        statement = VERBS[verb].undo or ""
    else:
        verb, jobs = operation.verb, meant(parse(operation.filter)).filter(pk__in=held)
        statement, ids = VERBS[verb].statement, list(jobs.values_list("pk", flat=True))
    moved = [Moved(*row) for row in fetch(statement, {**params, "ids": ids})]
    _tell_parents(verb, [one for one in moved if not one.is_follower], operation)
    transaction.on_commit(lambda: _tell(verb, moved), robust=True)
    return moved


def _tell_parents(verb: str, moved: Sequence[Moved], operation: Operation) -> None:
    """Let parents go on without children that ended, or wait again for those that go on."""
    ids = [one.id for one in moved]
    if verb in ENDING and not operation.undoes:
        resolve(ids)
    if verb not in GOING_ON:
        return
    # A parent whose children have ended meanwhile must not wait for good.
    parents = [one.id for one in moved if one.state == State.WAITING_CHILDREN]
    if parents:
        resolve(decide([*lock(parents, parents)]))
    again = Job.objects.filter(pk__in=ids, is_child=True, state__in=LIVE)
    for child_id in again.order_by("pk").values_list("pk", flat=True):
        reopen(child_id)


def _tell(verb: str, moved: Sequence[Moved]) -> None:
    """Let workers, metrics and those who look on know, once the chunk is committed."""
    tell((WORDS.get(verb, one.state), one.queue, one.id) for one in moved)
    waiting = [one for one in moved if one.state == State.WAITING]
    if verb == PRIORITY:
        # One by one, each would be searched for in the whole list.
        for queue in {one.queue for one in waiting}:
            hints.forget(queue)
        return
    hints.push(
        hints.Hint(id=one.id, queue=one.queue, priority=one.priority, front=one.front)
        for one in sorted(waiting)
    )
    for one in moved:
        if verb == CANCEL and one.state == State.CANCELLED:
            metrics.count(one.queue, one.kind, "cancelled")
