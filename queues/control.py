"""What operators do to single jobs. Each verb is one guarded statement, and returns the job.

Each records itself in the audit, in its own transaction: what is refused leaves no entry.

The job is read in the statement's own transaction: a worker may be done with it, and its row gone,
in the moment after.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from queues import audit, metrics, registry
from queues.arguments import ArgumentsError
from queues.conf import MAX_DELAY_SECONDS, MAX_PRIORITY
from queues.database import despite_deadlocks, fetch
from queues.happenings import Word, announce
from queues.models import Job
from queues.options import EnqueueError, describe
from queues.private import masked, unmasked
from queues.registry import RegistryError
from queues.resolving import reopen, resolve
from queues.settle import push_followers
from queues.statements.operating import (
    CANCEL,
    CHANGE_DELAY,
    CHANGE_PAYLOAD,
    CHANGE_PRIORITY,
    PROMOTE,
    REMOVE,
    RETRY,
)
from queues.states import State
from queues.transport.hints import Hint, push, withdraw

if TYPE_CHECKING:
    from collections.abc import Mapping

UNFINISHED: Final = "waiting, delayed, waiting-children, active"
NOT_BEGUN: Final = "waiting, delayed"
FINISHED: Final = "completed, failed, cancelled"
# The largest payload that the audit keeps, as JSON.
MAX_KEPT: Final = 4096
# What the audit keeps of a job, before and after.
FACTS: Final = ("queue", "kind", "name", "owner", "state", "priority", "attempt", "run_at")


class ControlError(ValueError):
    """A verb that does not fit the job; the message says the job's state and what is allowed."""


class NoJobError(ControlError):
    """There is no such job."""


@despite_deadlocks
@transaction.atomic
def cancel(job_id: int) -> Job:
    """End a job that is not finished. A running handler learns of it within a second.

    Whatever its worker writes later is refused. Raises ControlError.
    """
    before = _lock(job_id)
    rows = _move(CANCEL, job_id, UNFINISHED)
    job = _recorded("cancel", before)
    if job.is_child:
        resolve([job_id])
    transaction.on_commit(lambda: _count_cancelled(job), robust=True)
    announce(job.state, job.queue, [job_id])
    push_followers(rows)
    return job


@despite_deadlocks
@transaction.atomic
def retry(job_id: int, *, reset: bool = True) -> Job:
    """Let a finished job wait again, with all its attempts (`reset`) or one more of them.

    Parents that it failed wait for it again. Raises ControlError.
    """
    before = _lock(job_id)
    _announce(_move(RETRY, job_id, FINISHED, reset=reset))
    job = _recorded("retry" if reset else "retry-once", before)
    if job.is_child:
        reopen(job_id)
    return job


@transaction.atomic
def promote(job_id: int) -> Job:
    """Let a delayed job wait now. Raises ControlError."""
    before = _lock(job_id)
    _announce(_move(PROMOTE, job_id, "delayed"))
    return _recorded("promote", before)


@transaction.atomic
def change_priority(job_id: int, priority: int) -> Job:
    """Set the priority of a job that has not begun. Raises ControlError."""
    _check_range("priority", priority, MAX_PRIORITY)
    before = _lock(job_id)
    rows = _move(CHANGE_PRIORITY, job_id, NOT_BEGUN, priority=priority)
    withdraw(job_id, rows[0][1])
    if rows[0][4] == State.WAITING:
        _announce(rows)
    announce(Word.CHANGED, before.queue, [job_id])
    return _recorded("priority", before)


@transaction.atomic
def change_delay(job_id: int, seconds: int) -> Job:
    """Let a delayed job be due in `seconds` from now. Raises ControlError."""
    _check_range("delay", seconds, MAX_DELAY_SECONDS)
    before = _lock(job_id)
    _move(CHANGE_DELAY, job_id, "delayed", delay=seconds)
    announce(Word.CHANGED, before.queue, [job_id])
    return _recorded("delay", before)


@transaction.atomic
def change_payload(job_id: int, payload: Mapping[str, Any]) -> Job:
    """Replace the payload of a job that has not begun. Raises ControlError.

    It must be one of the job's kind, by the rules of `enqueue`, and is of the newest version. A
    private field that holds the mask of `queues.private` keeps its value.
    """
    before = _lock(job_id)
    try:
        whole = unmasked(before.kind, payload, before.payload)
        arguments = registry.get(before.kind).arguments.from_json(whole)
        values = {**describe(arguments), "payload_version": arguments.version}
    except (RegistryError, ArgumentsError, EnqueueError) as error:
        raise ControlError(f"payload: {error}") from error
    _move(CHANGE_PAYLOAD, job_id, NOT_BEGUN, **values)
    announce(Word.CHANGED, before.queue, [job_id])
    return _recorded("payload", before, also=("payload",))


@despite_deadlocks
@transaction.atomic
def remove(job_id: int) -> None:
    """Delete a job that neither runs nor waits for others, and all that was kept of it.

    What was enqueued to follow it does so. For its parents it is a child that did not complete.
    Raises ControlError.
    """
    before = _lock(job_id)
    if before.successor is not None and before.state in {State.WAITING, State.DELAYED}:
        # What was to follow it is somebody else's wish, and stays.
        push_followers(_move(CANCEL, job_id, UNFINISHED))
    _move(REMOVE, job_id, f"{NOT_BEGUN}, {FINISHED}")
    announce(Word.REMOVED, before.queue, [job_id])
    audit.record("remove", {"job": job_id}, before=_facts(before))
    resolve([job_id])
    transaction.on_commit(metrics.run_once, robust=True)


def _lock(job_id: int) -> Job:
    """Return the job as it is before a verb, locked so that it stays like that. NoJobError."""
    job = Job.objects.select_for_update(no_key=True).filter(pk=job_id).first()
    if job is None:
        raise NoJobError(f"There is no job {job_id}.")
    return job


def _recorded(verb: str, before: Job, *, also: tuple[str, ...] = ()) -> Job:
    """Return the job as it is after a verb, which is in the audit then."""
    after = Job.objects.get(pk=before.pk)
    was, is_now = _facts(before, *also), _facts(after, *also)
    audit.record(verb, {"job": before.pk}, before=was, after=is_now)
    return after


def _facts(job: Job, *also: str) -> dict[str, Any]:
    facts = {name: getattr(job, name) for name in (*FACTS, *also)}
    if "payload" in facts:
        facts["payload"] = _kept(masked(job.kind, job.payload))
    return {**facts, "run_at": job.run_at.isoformat()}


def _kept(payload: dict[str, Any]) -> dict[str, Any]:
    """Return a payload as the audit keeps it: of a large one, its size alone."""
    size = len(json.dumps(payload))
    # The audit is kept for long, and callers may change their jobs as often as they like.
    return payload if size <= MAX_KEPT else {"bytes": size}


def _move(statement: str, job_id: int, allowed: str, **params: Any) -> list[tuple[Any, ...]]:
    rows = fetch(statement, {"id": job_id, **params})
    if rows:
        return rows
    state = Job.objects.values_list("state", flat=True).get(pk=job_id)
    raise ControlError(f"Job {job_id} is {state}; allowed: {allowed}.")


def _check_range(name: str, value: int, most: int) -> None:
    if type(value) is not int or not 0 <= value <= most:
        raise ControlError(f"{name} is {value!r}; allowed: a whole number, 0 to {most}.")


def _announce(rows: list[tuple[Any, ...]]) -> None:
    id_, queue, priority, front = rows[0][:4]
    hint = Hint(id=id_, queue=queue, priority=priority, front=front)
    transaction.on_commit(lambda: push([hint]))


def _count_cancelled(job: Job) -> None:
    metrics.count(job.queue, job.kind, "cancelled")
    metrics.run_once()
