"""The backend: enqueueing tasks as jobs, reading their results, and checking its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.core.checks import CheckMessage, Error

from queues.conf import QueueSettingsError, get_queues
from queues.enqueue import enqueue
from queues.options import EnqueueError, draft
from queues.tasks import results
from queues.tasks.arguments import RunTask, find_task
from queues.tasks.compat import (
    DEFAULT_TASK_QUEUE_NAME,
    BaseTaskBackend,
    InvalidTaskError,
    task_enqueued,
)
from queues.tasks.errors import NotATaskError
from queues.tasks.options import DEFAULT_QUEUE, OPTIONS, job_options, queue_of
from queues.tasks.priorities import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from queues.tasks.compat import Task, TaskResult

T = TypeVar("T")


class HubBackend(BaseTaskBackend):
    """Runs tasks in our queues.

    A task's `queue_name` is one of the backend's QUEUES, or of all queues where that is empty. Its
    OPTIONS are those of every job: `attempts`, `backoff`, `timeout`, `keep_completed` and
    `keep_failed`. What is left out comes from the queue, except that results of tasks stay: a day
    if they succeeded, a week if they failed. One more, `default_queue`, is the queue of tasks that
    name none. The framework has those name `default`, and so do their results.
    """

    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(alias, params)
        if not self.queues:
            self.queues = set(settings.QUEUES)
        if DEFAULT_QUEUE in self.options:
            self.queues = {*self.queues, DEFAULT_TASK_QUEUE_NAME}

    def enqueue(
        self, task: Task[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[T]:
        """Accept a task. It exists if and only if the caller's transaction commits.

        Raises InvalidTaskError for a task that no worker could run, TypeError for arguments that
        are not JSON, and EnqueueError for whatever else is out of range.
        """
        self.validate_task(task)
        _refuse_unreachable(task)
        options = job_options(self.options)
        options["queue"] = queue_of(task.queue_name, self.options)
        options["priority"] = place_of(task.priority)
        options["run_at"] = task.run_after
        job = enqueue(RunTask.of(task, self.alias, args, kwargs), **options)
        result = results.result_of(job)
        # What a listener raises is logged; it must not look as if there were no job.
        task_enqueued.send_robust(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> TaskResult[Any]:
        """Return the result of one of this backend's tasks. Raises TaskResultDoesNotExist."""
        return results.load(result_id, self.alias)

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Report queues that do not exist (queues.E010), and OPTIONS out of range (E011)."""
        found = [*super().check(**kwargs)]
        try:
            queues = [*get_queues()]
        except QueueSettingsError:
            return found  # queues.E001 says so already
        return [*found, *self._missing_queues(queues), *self._wrong_options(queues)]

    def _missing_queues(self, queues: Sequence[str]) -> list[CheckMessage]:
        names = {DEFAULT_TASK_QUEUE_NAME} if DEFAULT_QUEUE in self.options else set()
        hint = (
            f"Add it to the setting QUEUES, or use one of: {', '.join(queues)}. "
            f"Tasks that name no queue go to the {DEFAULT_QUEUE} of OPTIONS."
        )
        return [
            Error(
                f"TASKS[{self.alias!r}]: there is no queue {name!r}.", hint=hint, id="queues.E010"
            )
            for name in sorted(self.queues - names - set(queues))
        ]

    def _wrong_options(self, queues: Sequence[str]) -> list[CheckMessage]:
        sample = RunTask(task="sample", backend=self.alias)
        try:
            for name in queues:
                draft(sample, {**job_options(self.options), "queue": name})
        except EnqueueError as error:
            text = f"TASKS[{self.alias!r}]: OPTIONS: {error}"
            hint = f"OPTIONS may set {', '.join(OPTIONS)}."
            return [Error(text, hint=hint, id="queues.E011")]
        return []


def _refuse_unreachable(task: Task[..., Any]) -> None:
    """Raise InvalidTaskError unless a worker that imports the task's path finds this very task."""
    try:
        found = find_task(task.module_path)
    except (ImportError, NotATaskError) as error:
        raise InvalidTaskError(f"A worker would not find the task: {error}") from error
    if found.func is not task.func:
        raise InvalidTaskError(f"A worker would find another task at {task.module_path}.")
