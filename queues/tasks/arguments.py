"""What the job of a task is told, and finding the task again in a worker."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.utils.module_loading import import_string

from queues.arguments import Arguments, ArgumentsError
from queues.options import EnqueueError
from queues.tasks.compat import DEFAULT_TASK_QUEUE_NAME, Task, normalize_json
from queues.tasks.errors import NotATaskError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, kw_only=True)
class RunTask(Arguments):
    """Run the task at a path. `args` and `kwargs` are JSON text, `run_after` is an ISO date.

    `queue_name` is what the task named. The job may lie elsewhere: `default` need not be a queue.
    """

    kind: ClassVar[str] = "django.task"

    task: str
    backend: str
    queue_name: str = DEFAULT_TASK_QUEUE_NAME
    args: str = "[]"
    kwargs: str = "{}"
    run_after: str | None = None

    @property
    def job_name(self) -> str:
        """The task's path."""
        return self.task

    @classmethod
    def of(
        cls, task: Task[..., Any], backend: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Self:
        """Return the arguments of a call.

        Raises TypeError for values that have no form in JSON, and EnqueueError for those that only
        seem to have one: NaN, Infinity, a list within itself.
        """
        return cls(
            task=task.module_path,
            backend=backend,
            queue_name=task.queue_name,
            args=_to_text("args", args),
            kwargs=_to_text("kwargs", kwargs),
            run_after=None if task.run_after is None else task.run_after.isoformat(),
        )

    @property
    def call(self) -> tuple[list[Any], dict[str, Any]]:
        """What the task is called with. Raises ArgumentsError if a row does not hold it."""
        args, kwargs = _from_text("args", self.args), _from_text("kwargs", self.kwargs)
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise ArgumentsError("args and kwargs are not a list and an object.")
        return args, kwargs

    @property
    def due(self) -> datetime | None:
        """What the task was enqueued to run after. Raises ArgumentsError if it is no date."""
        try:
            return None if self.run_after is None else datetime.fromisoformat(self.run_after)
        except ValueError as error:
            raise ArgumentsError(f"runAfter is {self.run_after!r:.50}; allowed: a date.") from error


def find_task(path: str) -> Task[..., Any]:
    """Return the task at a path.

    Raises ImportError if nothing is there, and NotATaskError if it is anything but a task: a row
    must not choose what else is called.
    """
    found = import_string(path)
    if not isinstance(found, Task):
        raise NotATaskError(f"{path} is no task: it is a {type(found).__name__}.")
    return found


def _to_text(field: str, value: object) -> str:
    try:
        return json.dumps(normalize_json(value), allow_nan=False, ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        raise EnqueueError(field, f"are not JSON: {error}.") from error


def _from_text(field: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ArgumentsError(f"{field} are not JSON: {error}.") from error
