"""What a task's result names where the engine, not the task, ended it."""

from __future__ import annotations


class NotATaskError(Exception):
    """A path leads to something that is no task. It was not called."""


class TaskCancelledError(Exception):
    """Somebody cancelled the task."""


class WorkerDiedError(Exception):
    """The worker of the task died, or its process did."""
