"""The OPTIONS of a backend: what the jobs of its tasks are given, and where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from queues.conf import get_queues
from queues.keep import Keep
from queues.options import EnqueueError, Options
from queues.tasks.compat import DEFAULT_TASK_QUEUE_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_QUEUE: Final = "default_queue"
OPTIONS: Final = (
    "attempts", "backoff", "timeout", "keep_completed", "keep_failed", DEFAULT_QUEUE,
)  # fmt: skip
# A result is there to be looked at, by its id, for a while.
KEEP: Final = Options(keep_completed=Keep(age=24 * 3600), keep_failed=Keep(age=7 * 24 * 3600))


def job_options(given: Mapping[str, Any]) -> Options:
    """Return what OPTIONS say of every job.

    Raises EnqueueError for a name that is no option, and for a default_queue that is no queue.
    What the others say is left to `enqueue`.
    """
    unknown = sorted(set(given) - set(OPTIONS))
    if unknown:
        raise EnqueueError(unknown[0], f"is no option; allowed: {', '.join(OPTIONS)}.")
    if DEFAULT_QUEUE in given:
        _refuse_unless_queue(given[DEFAULT_QUEUE])
    others = {name: value for name, value in given.items() if name != DEFAULT_QUEUE}
    return cast("Options", {**KEEP, **others})


def queue_of(queue_name: str, given: Mapping[str, Any]) -> str:
    """Return the queue for the jobs of tasks that name this one, by a backend's OPTIONS."""
    if queue_name != DEFAULT_TASK_QUEUE_NAME:
        return queue_name
    queue: str = given.get(DEFAULT_QUEUE, queue_name)
    return queue


def _refuse_unless_queue(name: object) -> None:
    queues = get_queues()
    if type(name) is not str or name not in queues:
        raise EnqueueError(DEFAULT_QUEUE, f"is {name!r:.50}; allowed: {', '.join(queues)}.")
