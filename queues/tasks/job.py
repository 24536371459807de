"""The handler behind all tasks: find the task, call it, and tell the framework's listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queues.arguments import ArgumentsError
from queues.outcomes import Fail, Snooze
from queues.recorder import LostError
from queues.registry import handles
from queues.results import ResultError, to_json
from queues.states import State
from queues.tasks import results
from queues.tasks.arguments import RunTask
from queues.tasks.compat import TaskContext, normalize_json, task_finished, task_started
from queues.tasks.errors import NotATaskError

if TYPE_CHECKING:
    from queues.context import Context
    from queues.tasks.compat import TaskResult


@handles(RunTask, queue=None, is_internal=True)
def run_task(arguments: RunTask, context: Context) -> dict[str, Any]:
    """Call the task, and return its value beside the worker's name.

    What to call is read from the row, with all that the task's context and listeners may ask about
    it. A path that leads to no task ends the job at once. One that leads nowhere is a failed
    attempt, for the deploy that brings the task may be under way.
    """
    result = _running(context)
    backend = type(result.task.get_backend())
    # What a listener raises is logged, and fails no task that has done its work.
    task_started.send_robust(backend, task_result=result)
    try:
        returned = _call(result)
    except BaseException as error:
        if _is_last(error, context):
            task_finished.send_robust(backend, task_result=results.failed(result, error))
        raise
    if not context.cancelled:
        done = results.succeeded(result, returned["value"])
        task_finished.send_robust(backend, task_result=done)
    return returned


def _running(context: Context) -> TaskResult[Any]:
    """Return the result as it is now. Raises Fail and LostError."""
    job = results.find_job(str(context.job_id))
    if job is None or (job.state, job.token) != (State.ACTIVE, context.token):
        raise LostError
    try:
        return results.result_of(job)
    except NotATaskError as error:
        raise Fail(str(error)) from error


def _call(result: TaskResult[Any]) -> dict[str, Any]:
    """Return what is to be kept of the task. Raises what it raises, and ResultError."""
    leading = [TaskContext(task_result=result)] if result.task.takes_context else []
    value = result.task.call(*leading, *result.args, **result.kwargs)
    try:
        returned = results.to_keep(normalize_json(value), result)
    except (TypeError, ValueError, RecursionError) as error:
        raise ResultError(f"The result is not JSON: {error}") from error
    # Before anybody hears of a success that cannot be written down.
    to_json(returned)
    return returned


def _is_last(error: BaseException, context: Context) -> bool:
    """Say whether the task has failed for good, as the engine is about to decide."""
    if context.cancelled or isinstance(error, Snooze | LostError):
        return False
    is_refused = isinstance(error, Fail | ArgumentsError | ResultError)
    return is_refused or context.attempt >= context.max_attempts
