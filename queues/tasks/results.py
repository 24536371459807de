"""What has become of a task, read from the row of its job and the rows of its attempts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone

from queues.arguments import ArgumentsError
from queues.digits import digits
from queues.filter_words import MAX_ID
from queues.models import Job
from queues.models.attempt import Outcome
from queues.states import State
from queues.tasks.arguments import RunTask, find_task
from queues.tasks.compat import (
    InvalidTaskError,
    TaskError,
    TaskResult,
    TaskResultDoesNotExist,
    TaskResultStatus,
    task_backends,
)
from queues.tasks.errors import NotATaskError, TaskCancelledError, WorkerDiedError
from queues.tasks.options import queue_of
from queues.tasks.priorities import priority_of
from queues.trouble import trouble_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from queues.models import Attempt
    from queues.tasks.compat import Task

STATUSES: Final = {
    State.WAITING: TaskResultStatus.READY,
    State.DELAYED: TaskResultStatus.READY,
    State.WAITING_CHILDREN: TaskResultStatus.READY,
    State.ACTIVE: TaskResultStatus.RUNNING,
    State.COMPLETED: TaskResultStatus.SUCCESSFUL,
    State.FAILED: TaskResultStatus.FAILED,
    State.CANCELLED: TaskResultStatus.FAILED,
}
ERRORS: Final = {Outcome.FAILED, Outcome.TIMED_OUT, Outcome.CRASHED}
CANCELLED: Final = f"{TaskCancelledError.__module__}.{TaskCancelledError.__qualname__}"
WORKER_DIED: Final = f"{WorkerDiedError.__module__}.{WorkerDiedError.__qualname__}"


def load(result_id: str, backend: str) -> TaskResult[Any]:
    """Return the result of a task that was enqueued on a backend.

    Raises TaskResultDoesNotExist for what is no id, for a job that is gone or never was, that is no
    task or another backend's, and for one whose task or queue this process does not have.
    """
    job = find_job(result_id)
    if job is None:
        raise TaskResultDoesNotExist(result_id)
    try:
        if RunTask.from_json(job.payload).backend != backend:
            raise TaskResultDoesNotExist(result_id)
        return result_of(job)
    except (ArgumentsError, NotATaskError, InvalidTaskError, ImportError) as error:
        raise TaskResultDoesNotExist(f"{result_id}: {error}") from error


def find_job(result_id: str) -> Job | None:
    """Return the job of a task, with its worker, if there is one."""
    text = str(result_id)
    id_ = digits(text, MAX_ID)
    # A result has one id, and `007` is none.
    if id_ is None or str(id_) != text:
        return None
    return Job.objects.select_related("worker").filter(pk=id_, kind=RunTask.kind).first()


def result_of(job: Job) -> TaskResult[Any]:
    """Return the result of a task's job as it is now.

    Raises ArgumentsError, ImportError or NotATaskError if its row names no call of a task, and
    InvalidTaskError if the backend would not take it any more.
    """
    arguments = RunTask.from_json(job.payload)
    args, kwargs = arguments.call
    runs = list(job.attempts.order_by("id")) if job.token else []
    result: TaskResult[Any] = TaskResult(
        task=_task(arguments, job),
        id=str(job.pk),
        status=STATUSES[State(job.state)],
        enqueued_at=job.created_at,
        started_at=runs[0].started_at if runs else job.started_at,
        last_attempted_at=job.started_at,
        finished_at=job.finished_at,
        args=args,
        kwargs=kwargs,
        backend=arguments.backend,
        errors=_errors(job, runs),
        worker_ids=_worker_ids(job, runs),
    )
    if job.state == State.COMPLETED:
        _set_value(result, _kept(job).get("value"))
    return result


def to_keep(value: object, result: TaskResult[Any]) -> dict[str, Any]:
    """Return what a running task's job is to keep as its result: the value, and who ran it.

    The row itself forgets its worker when the job ends.
    """
    return {"value": value, "worker": result.worker_ids[-1]}


def succeeded(result: TaskResult[Any], value: object) -> TaskResult[Any]:
    """Return the result of a running task as of one that has just returned."""
    now = timezone.now()
    done = replace(result, status=TaskResultStatus.SUCCESSFUL, finished_at=now)
    _set_value(done, value)
    return done


def failed(result: TaskResult[Any], error: BaseException) -> TaskResult[Any]:
    """Return the result of a running task as of one that has just failed for good."""
    trouble = trouble_of(error)
    errors = [*result.errors, TaskError(
        exception_class_path=_path(trouble.error_class), traceback=trouble.traceback
    )]  # fmt: skip
    now = timezone.now()
    return replace(result, status=TaskResultStatus.FAILED, finished_at=now, errors=errors)


def _task(arguments: RunTask, job: Job) -> Task[..., Any]:
    """Return the task as it was enqueued, except that its priority is the job's of today.

    So is its queue, should OPTIONS lead from what the task named to another by now.
    """
    named = arguments.queue_name
    leads_there = queue_of(named, task_backends[arguments.backend].options) == job.queue
    return find_task(arguments.task).using(
        priority=priority_of(job.priority),
        queue_name=named if leads_there else job.queue,
        run_after=arguments.due,
        backend=arguments.backend,
    )


def _errors(job: Job, runs: Sequence[Attempt]) -> list[TaskError]:
    errors = [_error(run) for run in runs if run.outcome in ERRORS]
    if job.state == State.CANCELLED:
        errors.append(TaskError(exception_class_path=CANCELLED, traceback="It was cancelled."))
    return errors


def _error(run: Attempt) -> TaskError:
    """Return what an attempt ended with. What ended it from outside has no traceback."""
    path = _path(run.error_class) if run.error_class else WORKER_DIED
    return TaskError(exception_class_path=path, traceback=run.traceback or run.error_message)


def _path(error_class: str) -> str:
    """Return the path of an exception class; attempts name the built-in ones without a module."""
    return error_class if "." in error_class else f"builtins.{error_class}"


def _worker_ids(job: Job, runs: Sequence[Attempt]) -> list[str]:
    """Return the worker of each run, oldest first: there are as many as the task had runs."""
    names = [run.worker_name for run in runs]
    if job.state == State.ACTIVE:
        names.append(job.worker.name if job.worker else "")
    if job.state == State.COMPLETED:
        names.append(_kept(job).get("worker", ""))
    return names


def _kept(job: Job) -> dict[str, Any]:
    """Return what `to_keep` made; nothing for a row that somebody else completed."""
    return job.result if isinstance(job.result, dict) else {}


def _set_value(result: TaskResult[Any], value: object) -> None:
    # The framework's results are frozen, and have no other way in for the value.
    object.__setattr__(result, "_return_value", value)
