"""Verbs for all jobs of a filter: look first, begin, stop, undo.

What is begun is an operation, and a job carries it out (see `queues.bulk_job`). Each verb records
itself in the audit, once, however many jobs it is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import Count, Max, Min
from django.db.models.functions import Now

from queues import audit
from queues.bulk_job import Bulk, meant
from queues.bulk_verbs import PRIORITY, UNDO, VERBS
from queues.conf import MAX_PRIORITY, get_queues, queue_of_operations
from queues.control import ControlError
from queues.database import database_now
from queues.enqueue import enqueue
from queues.keep import Keep
from queues.models import Job, Operation, Worker
from queues.stats import paused_queues

if TYPE_CHECKING:
    from queues.filters import JobFilter

SAMPLE: Final = 20
# So long operations that ended can be undone, and their jobs are kept.
UNDO_DAYS: Final = 30
KEPT: Final = Keep(age=UNDO_DAYS * 24 * 3600)


class BulkError(ControlError):
    """An operation that is not done; the message says what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a verb would be done to: how many jobs, by state, and the first of them.

    `passed_over` of the `count` are in a state that the verb does not fit.
    """

    count: int
    by_state: dict[str, int]
    sample: list[Job]
    passed_over: int


@dataclass(frozen=True, kw_only=True)
class _Survey:
    by_state: dict[str, int]
    first: int
    last: int

    @property
    def count(self) -> int:
        return sum(self.by_state.values())


def preview(
    verb: str, wanted: JobFilter, value: int | None = None, *, limit: int | None = None
) -> Preview:
    """Return what `begin` would find now. Nothing is changed. Raises BulkError."""
    _check(verb, wanted, value, limit)
    found = _survey(wanted, limit)
    span = meant(wanted).filter(pk__gte=found.first, pk__lte=found.last)
    sample = span.order_by("pk")[:SAMPLE]
    fits = sum(found.by_state.get(state.value, 0) for state in VERBS[verb].fits)
    return Preview(
        count=found.count,
        by_state=found.by_state,
        sample=list(sample) if found.count else [],
        passed_over=found.count - fits,
    )


@transaction.atomic
def begin(
    verb: str, wanted: JobFilter, value: int | None = None, *, limit: int | None = None
) -> Operation:
    """Begin to do a verb to all jobs that the filter finds now; return the operation.

    `value` is the new priority, for that verb alone. Of more than `limit` jobs it is the first
    ones, by id. The operation is whoever's acts (see `queues.audit`). A job that fits the filter
    later and is older than the last one found may be among them; a newer one is not. Raises
    BulkError.
    """
    _check(verb, wanted, value, limit)
    found = _survey(wanted, limit)
    words = wanted.as_words()
    operation = _start(
        verb=verb, filter=words, value=value, total=found.count, cursor=found.first - 1,
        last_id=found.last,
    )  # fmt: skip
    target: dict[str, Any] = {"operation": operation.pk, "filter": words}
    if limit is not None:
        target["limit"] = limit
    after = None if value is None else {verb: value}
    audit.record(verb, target, count=found.count, after=after)
    return operation


@transaction.atomic
def stop(operation_id: int) -> Operation:
    """Let an operation end after the chunk it is at. What is done stays done.

    It is stopped once its job has ended, within a second or two; to retry that job is to go on.
    Raises BulkError.
    """
    operation = _lock(operation_id)
    if operation.state != Operation.State.RUNNING:
        raise BulkError(f"Operation {operation_id} is {operation.state}; allowed: running.")
    operation.must_stop = True
    operation.save(update_fields=["must_stop"])
    audit.record("stop-operation", {"operation": operation_id})
    return operation


@transaction.atomic
def undo(operation_id: int) -> Operation:
    """Begin to put back what an operation changed; return the operation that does so.

    Jobs that have moved on since then are passed over, and so are those that retention deleted.
    Raises BulkError for a verb that cannot be undone, for an operation that still runs or that
    ended more than 30 days ago, and for one that is being undone already.
    """
    operation = _lock(operation_id)
    _check_undo(operation)
    ids = operation.changes.aggregate(first=Min("job_id"), last=Max("job_id"), count=Count("*"))
    undoing = _start(
        verb=UNDO, undoes=operation, total=ids["count"], cursor=(ids["first"] or 1) - 1,
        last_id=ids["last"] or 0,
    )  # fmt: skip
    target = {"operation": undoing.pk, "undoes": operation_id}
    audit.record("undo-operation", target, count=ids["count"])
    return undoing


def _check(verb: str, wanted: JobFilter, value: object, limit: object) -> None:
    if verb not in VERBS:
        raise BulkError(f"verb is {verb!r:.30}; allowed: {', '.join(VERBS)}.")
    if wanted.is_empty and not wanted.all:
        raise BulkError("filter is empty; allowed: a word at least, or all=yes for all jobs.")
    if verb != PRIORITY and value is not None:
        raise BulkError(f"value is {value!r:.30}; allowed: none with {verb}.")
    if verb == PRIORITY and not (type(value) is int and 0 <= value <= MAX_PRIORITY):
        raise BulkError(f"value is {value!r:.30}; allowed: a priority, 0 to {MAX_PRIORITY}.")
    if limit is not None and (type(limit) is not int or limit < 1):
        raise BulkError(f"limit is {limit!r:.30}; allowed: 1 or more, or None.")


def _check_undo(operation: Operation) -> None:
    name = f"Operation {operation.pk}"
    if operation.verb not in VERBS or VERBS[operation.verb].undo is None:
        allowed = ", ".join(verb for verb in VERBS if VERBS[verb].undo)
        raise BulkError(f"{name} is a {operation.verb}, which is not undone; allowed: {allowed}.")
    if operation.state == Operation.State.RUNNING:
        raise BulkError(f"{name} is running; allowed: done, stopped.")
    # What it changed may be forgotten by now, see `queues.maintenance.operations`.
    if operation.finished_at and operation.finished_at < database_now() - timedelta(days=UNDO_DAYS):
        raise BulkError(f"{name} ended too long ago; allowed: within {UNDO_DAYS} days.")
    if operation.undone_by.exists():
        raise BulkError(f"{name} is undone already; if that was stopped, retry its job.")


def _survey(wanted: JobFilter, limit: int | None) -> _Survey:
    jobs = meant(wanted)
    if limit is not None:
        jobs = Job.objects.filter(pk__in=jobs.order_by("pk").values("pk")[:limit])
    by_state = jobs.values("state").annotate(number=Count("*"), first=Min("pk"), last=Max("pk"))
    rows = list(by_state.order_by("state"))
    return _Survey(
        by_state={row["state"]: row["number"] for row in rows},
        first=min((row["first"] for row in rows), default=1),
        last=max((row["last"] for row in rows), default=0),
    )


def _lock(operation_id: int) -> Operation:
    operations = Operation.objects.select_for_update(no_key=True)
    operation = operations.filter(pk=operation_id).first()
    if operation is None:
        raise BulkError(f"There is no operation {operation_id}.")
    return operation


def _start(**values: Any) -> Operation:
    """Insert an operation of whoever acts, and the job that carries it out."""
    acting = audit.current()
    operation = Operation.objects.create(
        actor=acting.name, door=acting.door.value, reason=acting.reason, **values
    )
    job = enqueue(
        Bulk(operation_id=operation.pk),
        queue=_queue(), front=True, keep_completed=KEPT, keep_failed=KEPT,
    )  # fmt: skip
    operation.job_id = job.pk
    operation.save(update_fields=["job_id"])
    return operation


def _queue() -> str:
    """Return where the job goes: as the settings say, else where a worker will take it now."""
    if chosen := queue_of_operations():
        return chosen
    queues = list(get_queues())
    workers = Worker.objects.filter(expires_at__gt=Now()).values_list("queues", flat=True)
    served = {name for names in workers for name in names}
    free = served - paused_queues()
    return next((name for name in queues if name in free), queues[0])
