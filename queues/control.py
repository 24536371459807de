"""What operators do to single jobs. Each verb is one guarded statement, and returns the job.

The job is read in the statement's own transaction: a worker may be done with it, and its row gone,
in the moment after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from queues import metrics, registry
from queues.arguments import ArgumentsError
from queues.conf import MAX_DELAY_SECONDS, MAX_PRIORITY
from queues.database import fetch
from queues.models import Job
from queues.options import EnqueueError, describe
from queues.registry import RegistryError
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


class ControlError(ValueError):
    """A verb that does not fit the job; the message says the job's state and what is allowed."""


class NoJobError(ControlError):
    """There is no such job."""


@transaction.atomic
def cancel(job_id: int) -> Job:
    """End a job that is not finished. A running handler learns of it within a second.

    Whatever its worker writes later is refused. Raises ControlError.
    """
    rows = _move(CANCEL, job_id, UNFINISHED)
    job = Job.objects.get(pk=job_id)
    transaction.on_commit(lambda: _count_cancelled(job), robust=True)
    push_followers(rows)
    return job


@transaction.atomic
def retry(job_id: int, *, reset: bool = True) -> Job:
    """Let a finished job wait again, with all its attempts (`reset`) or one more of them.

    Raises ControlError.
    """
    _announce(_move(RETRY, job_id, FINISHED, reset=reset))
    return Job.objects.get(pk=job_id)


@transaction.atomic
def promote(job_id: int) -> Job:
    """Let a delayed job wait now. Raises ControlError."""
    _announce(_move(PROMOTE, job_id, "delayed"))
    return Job.objects.get(pk=job_id)


@transaction.atomic
def change_priority(job_id: int, priority: int) -> Job:
    """Set the priority of a job that has not begun. Raises ControlError."""
    _check_range("priority", priority, MAX_PRIORITY)
    rows = _move(CHANGE_PRIORITY, job_id, NOT_BEGUN, priority=priority)
    withdraw(job_id, rows[0][1])
    if rows[0][4] == State.WAITING:
        _announce(rows)
    return Job.objects.get(pk=job_id)


@transaction.atomic
def change_delay(job_id: int, seconds: int) -> Job:
    """Let a delayed job be due in `seconds` from now. Raises ControlError."""
    _check_range("delay", seconds, MAX_DELAY_SECONDS)
    _move(CHANGE_DELAY, job_id, "delayed", delay=seconds)
    return Job.objects.get(pk=job_id)


@transaction.atomic
def change_payload(job_id: int, payload: Mapping[str, Any]) -> Job:
    """Replace the payload of a job that has not begun. Raises ControlError.

    It must be one of the job's kind, by the rules of `enqueue`, and is of the newest version.
    """
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise NoJobError(f"There is no job {job_id}.")
    try:
        arguments = registry.get(job.kind).arguments.from_json(dict(payload))
        values = {**describe(arguments), "payload_version": arguments.version}
    except (RegistryError, ArgumentsError, EnqueueError) as error:
        raise ControlError(f"payload: {error}") from error
    _move(CHANGE_PAYLOAD, job_id, NOT_BEGUN, **values)
    return Job.objects.get(pk=job_id)


def remove(job_id: int) -> None:
    """Delete a job that is not running, and all that was kept of it. Raises ControlError."""
    _move(REMOVE, job_id, f"{NOT_BEGUN}, {FINISHED}")


def _move(statement: str, job_id: int, allowed: str, **params: Any) -> list[tuple[Any, ...]]:
    rows = fetch(statement, {"id": job_id, **params})
    if rows:
        return rows
    state = Job.objects.filter(pk=job_id).values_list("state", flat=True).first()
    if state is None:
        raise NoJobError(f"There is no job {job_id}.")
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
